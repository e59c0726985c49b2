import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { register } from 'tsx/esm/api';
import { createCrowd } from './reload/crowd.mjs';
import { buildLedger, formatLedger } from './reload/ledger.mjs';
import { createPlan, EDITS, SERVERS } from './reload/plan.mjs';

const HELP = `Edits the configuration of a hub under load: changes, removes, adds, breaks, and changes only what is shown.

  npm run chaos -- reload [--seconds 60] [--rate 1000] [--every 500] [--clients 8] [--json]

  --seconds   how long
  --rate      calls per second over five servers, from clients of both eras
  --every     milliseconds between two edits of the file
  --clients   how many clients; every second one is a legacy client with a session and a stream
`;

/** A server that was put back has to answer every client again within this time, in milliseconds. */
const BACK_WITHIN_MS = 3000;
const AFTERWARDS_MS = 10_000;

/** @param {string[]} args */
export async function main(args) {
  const options = read(args);
  if (options === undefined) return 64;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  register();
  const support = new URL('../e2e/support/', import.meta.url);
  const from = (file) => import(new URL(file, support).href);
  const [{ createScope }, wire, processes, paths] = await Promise.all(
    ['scope.ts', 'wire/http.ts', 'processes.ts', 'paths.ts'].map(from),
  );
  paths.assertBuilt();
  const scope = createScope();
  try {
    const plan = createPlan(scope.dir());
    const hub = await startHub(plan, { processes, paths, scope });
    const rows = await run(plan, hub, wire, options);
    if (options.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
    else process.stdout.write(`\n${formatLedger(rows)}`);
    const kept = rows.every((row) => row.kept);
    if (!kept && !options.json) process.stdout.write(`\nthe hub's last lines:\n${hub.stderr().slice(-3000)}\n`);
    return kept ? 0 : 1;
  } finally {
    await scope.close();
  }
}

async function run(plan, hub, wire, { seconds, rate, every, clients, json }) {
  const crowd = await createCrowd(wire, hub.url, { rate, clients, servers: SERVERS });
  const baseline = look(hub.pid);
  const edits = [];
  crowd.start();
  const until = performance.now() + seconds * 1000;
  for (let number = 0; ; number++) {
    await pause(every);
    const rest = until - performance.now();
    const kind = EDITS[number % EDITS.length];
    // The last edit puts everything back, so that what runs afterwards can be held against what ran before.
    if (rest <= 0 && plan.state.present) break;
    plan.edit(kind);
    edits.push(kind);
    // On a machine that is too busy to read a broken file before it is mended, the next edit waits a little.
    if (kind === 'break') await seen(hub, edits.filter((one) => one === 'break').length);
  }
  await pause(BACK_WITHIN_MS);
  const { perSecond } = await crowd.stop();
  await crowd.close();
  const generations = await settle(hub, baseline);
  const after = { ...look(hub.pid), running: generations.running };
  if (!json) {
    process.stdout.write(
      `${crowd.calls.length} calls, ${Math.round(perSecond)} per second, ${edits.length} edits, ` +
        `${crowd.told.changes} list_changed, ${crowd.told.lists} lists\n`,
    );
  }
  const { calls } = crowd;
  const lines = hub.lines();
  const absences = absencesOf(lines, calls, clients);
  const errorLines = lines.filter(({ level }) => level >= 50);
  const applied = lines.filter(({ event }) => event === 'generation.active').length;
  const last = { message: generations.last, kept: generations.last.includes('as written') };
  return buildLedger({ calls, plan, servers: SERVERS, edits, absences, errorLines, applied, baseline, after, last });
}

/** Waits until the hub has told of so many broken edits, at most a while. */
async function seen(hub, breaks) {
  const until = performance.now() + BACK_WITHIN_MS;
  while (hub.rejections() < breaks && performance.now() < until) await pause(10);
}

/**
 * When the server that comes and goes was absent, as the hub says; and until when for each client, for one with a session
 * has to list again before it is shown the server.
 */
function absencesOf(lines, calls, clients) {
  const absences = [];
  for (const { event, msg, time } of lines) {
    if (event !== 'generation.active') continue;
    if (msg.includes('-coming')) absences.push({ from: time, back: Array(clients).fill(Number.POSITIVE_INFINITY) });
    else if (msg.includes('+coming'))
      absences.at(-1).back = Array.from({ length: clients }, (_, at) => backAt(calls, time, at));
  }
  return absences;
}

/** What a client sends after this has no excuse. */
function backAt(calls, added, client) {
  const first = calls.find(
    (call) => call.server === 'coming' && call.client === client && call.ok && call.sentAt >= added,
  );
  return Math.min(first?.sentAt ?? Number.POSITIVE_INFINITY, added + BACK_WITHIN_MS);
}

/** Waits until old generations are gone, at most a while. */
async function settle(hub, baseline) {
  const until = performance.now() + AFTERWARDS_MS;
  for (;;) {
    const { processes } = look(hub.pid);
    const names = await toolOwners(hub.url);
    const asWritten = SERVERS.every((server) => names.includes(server)) && names.length === SERVERS.length;
    const isOver = processes <= baseline.processes && asWritten;
    if (isOver || performance.now() > until) {
      const running = 1 + Math.max(0, processes - baseline.processes);
      return { running, last: asWritten ? 'as written' : `it shows ${names}` };
    }
    await pause(100);
  }
}

/** The servers whose tools a new client is shown. */
async function toolOwners(url) {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/list',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/list',
    connection: 'close',
  };
  const { result } = await (await fetch(url, { method: 'POST', headers, body })).json();
  return [...new Set(result.tools.map(({ name }) => name.split('_')[0]))];
}

async function startHub(plan, { processes, paths, scope }) {
  const args = ['serve', '--http', '--host', '127.0.0.1', '--port', '0', '--json', '--config', plan.file];
  const env = { HATAGO_HOME: `${plan.file}-home`, HATAGO_LOG: 'json' };
  const child = processes.start(process.execPath, [paths.hatagoBin, ...args], { env });
  const stderr = processes.collect(child.stderr);
  const { url, pid } = await processes.firstJsonLine(child);
  scope.defer(async () => {
    child.kill('SIGTERM');
    await processes.ended(child);
    processes.killGroup(child.pid, 'SIGKILL');
  });
  const page = url.replace(/\/mcp$/, '/readyz');
  while ((await fetch(page, { headers: { connection: 'close' } })).status !== 200) await pause(50);
  return {
    url,
    pid,
    stderr: () => stderr.text(),
    rejections: () => stderr.text().split('"event":"config.rejected"').length - 1,
    lines: () =>
      stderr
        .text()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
  };
}

/** What the hub holds of the system; only Linux tells of the descriptors. */
function look(pid) {
  const ps = (...args) => execFileSync('ps', args, { encoding: 'utf8' });
  const processes = ps('-eo', 'ppid=')
    .split('\n')
    .filter((line) => Number(line) === pid).length;
  const memoryMb = Math.round(Number(ps('-o', 'rss=', '-p', String(pid))) / 1024);
  return { processes, memoryMb, descriptors: process.platform === 'linux' ? readdirSync(`/proc/${pid}/fd`).length : 0 };
}

function read(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        seconds: { type: 'string', default: '60' },
        rate: { type: 'string', default: '1000' },
        every: { type: 'string', default: '500' },
        clients: { type: 'string', default: '8' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const numbers = Object.fromEntries(
      ['seconds', 'rate', 'every', 'clients'].map((name) => {
        const value = Number(values[name]);
        if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a positive whole number`);
        return [name, value];
      }),
    );
    return { ...values, ...numbers };
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${HELP}`);
    return undefined;
  }
}
