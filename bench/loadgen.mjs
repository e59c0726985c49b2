#!/usr/bin/env node
// Closed-loop load generator: C sessions, each with one request in flight on one keep-alive connection, every answer
// checked for its id and content. Prints one JSON object.
//
//   node bench/loadgen.mjs --url http://127.0.0.1:3535/mcp --sessions 16 --warmup 2 --duration 5
//     --work echo|blob|list|churn   what one unit of work is (default echo)
//     --era 2025|2026|sse           protocol era spoken (default 2025)
//     --size N                      echo: characters of text; blob: bytes   (default 32 / 1048576)
//     --expect-tools N              list, churn: fewest tools a complete list holds
//     --requests N                  stop after N measured units, whatever the duration
//     --pid P                       sample this process tree's CPU and memory during the run
//     --raw                         no handshake and no tool discovery (for null-server.mjs)
//     --header 'Name: value'        extra request header, repeatable
import { parseArgs } from 'node:util';
import { stolenMs, usage } from './lib/proc.mjs';
import { Session } from './lib/session.mjs';
import { createSamples, round } from './lib/stats.mjs';
import { createWorks, findTool } from './lib/works.mjs';

const { values: opt } = parseArgs({
  options: {
    url: { type: 'string' },
    sessions: { type: 'string', default: '1' },
    warmup: { type: 'string', default: '2' },
    duration: { type: 'string', default: '5' },
    requests: { type: 'string' },
    work: { type: 'string', default: 'echo' },
    era: { type: 'string', default: '2025' },
    size: { type: 'string' },
    'expect-tools': { type: 'string', default: '1' },
    pid: { type: 'string' },
    header: { type: 'string', multiple: true, default: [] },
    raw: { type: 'boolean', default: false },
  },
});

const count = Number(opt.sessions);
const maxRequests = opt.requests === undefined ? Number.POSITIVE_INFINITY : Number(opt.requests);
const pid = opt.pid === undefined ? null : Number(opt.pid);
const toHeader = (line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()];
const headers = Object.fromEntries(opt.header.map(toHeader));
const newSession = () => new Session({ url: opt.url, era: opt.era, headers });
const found = { tool: opt.work, paginated: false };
const works = createWorks({
  size: Number(opt.size ?? (opt.work === 'blob' ? 1 << 20 : 32)),
  expectTools: Number(opt['expect-tools']),
  newSession,
  found,
});
const now = () => performance.now();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let phase = 'setup';
let done = 0;
const latency = createSamples();
const errors = { measured: 0, kinds: new Map(), warmup: 0, lastWarmup: undefined };
let finish;
const finished = new Promise((resolve) => {
  finish = resolve;
});

function noteError(error) {
  if (phase !== 'measure') {
    errors.warmup++;
    errors.lastWarmup = error.message;
    return;
  }
  errors.measured++;
  const key = String(error.message).slice(0, 160);
  errors.kinds.set(key, (errors.kinds.get(key) ?? 0) + 1);
}

/** Repeats the work on one session until the run is over. */
async function drive(first) {
  let session = first;
  let failures = 0;
  while (phase !== 'over') {
    const t0 = now();
    try {
      if (session?.broken) {
        session = newSession();
        await (opt.raw ? session.connect() : session.open());
      }
      await works[opt.work](session);
      failures = 0;
      if (phase !== 'measure') continue;
      latency.add(now() - t0);
      if (++done >= maxRequests) return finish();
    } catch (error) {
      noteError(error);
      if (++failures > 50) return; // a session that cannot recover
      if (failures > 3) await sleep(20);
    }
  }
}

/** Opens the sessions, in groups: a hub that starts a process per session should not be stampeded. */
async function openAll() {
  if (opt.work === 'churn') return Array.from({ length: count }, () => null);
  const sessions = [];
  for (let i = 0; i < count; i += 16) {
    const group = Array.from({ length: Math.min(16, count - i) }, newSession);
    await Promise.all(group.map((s) => (opt.raw ? s.connect() : s.open())));
    sessions.push(...group);
  }
  if (opt.raw) return sessions;
  if (opt.work === 'list') {
    found.paginated = JSON.parse(await sessions[0].listToolsText()).result.nextCursor !== undefined;
  } else {
    found.tool = findTool(await sessions[0].listTools(), opt.work);
  }
  return sessions;
}

/** What the hub's process tree used between two samples. */
function toUsage(before, after, peakRssKb, wallMs) {
  const hubCpuMs = after.hubCpuMs - before.hubCpuMs;
  const backendCpuMs = after.backendCpuMs - before.backendCpuMs;
  const perRequest = (cpuMs) => (done ? round((cpuMs * 1000) / done, 1) : null);
  return {
    hubCpuPct: round((hubCpuMs / wallMs) * 100, 1),
    hubCpuUsPerReq: perRequest(hubCpuMs),
    backendCpuUsPerReq: perRequest(backendCpuMs),
    hubRssMb: round(after.hubRssKb / 1024, 1),
    hubPeakRssMb: round(Math.max(peakRssKb, after.hubRssKb) / 1024, 1),
    hubProcs: after.hubProcs,
    backendProcs: after.backendProcs,
  };
}

async function main() {
  const setupStart = now();
  const sessions = await openAll();
  const setupMs = now() - setupStart;
  phase = 'warmup';
  const drivers = sessions.map(drive);
  await sleep(Number(opt.warmup) * 1000);

  const before = pid === null ? null : usage(pid);
  let peakRssKb = 0;
  const sample = () => {
    peakRssKb = Math.max(peakRssKb, usage(pid).hubRssKb);
  };
  const sampler = pid === null ? undefined : setInterval(sample, 500);
  const stolenBefore = stolenMs();
  const ownBefore = process.cpuUsage();
  const start = now();
  phase = 'measure';
  await Promise.race([finished, Promise.all(drivers), sleep(Number(opt.duration) * 1000)]);
  const wallMs = now() - start;
  phase = 'over';
  clearInterval(sampler);
  const after = pid === null ? null : usage(pid);
  const own = process.cpuUsage(ownBefore);
  const stolen = stolenMs() - stolenBefore;

  // Leave nothing behind: let the requests in flight finish, then end every session.
  await Promise.race([Promise.all(drivers), sleep(1000)]);
  await Promise.race([Promise.all(sessions.map((s) => s?.close())), sleep(2000)]);
  return {
    work: opt.work,
    era: opt.era,
    sessions: count,
    tool: found.tool,
    requests: done,
    seconds: round(wallMs / 1000),
    rps: round((done * 1000) / wallMs, 1),
    ...latency.summary(),
    errors: errors.measured,
    ...(errors.kinds.size > 0 && { errorKinds: Object.fromEntries([...errors.kinds].slice(0, 5)) }),
    warmupErrors: errors.warmup,
    ...(errors.lastWarmup !== undefined && { lastWarmupError: errors.lastWarmup }),
    setupMs: round(setupMs, 1),
    stolenPct: round((stolen / wallMs) * 100, 1),
    genCpuPct: round((own.user + own.system) / 10 / wallMs, 1),
    ...(before && after && toUsage(before, after, peakRssKb, wallMs)),
  };
}

main().then(
  (result) => {
    console.log(JSON.stringify(result));
    process.exit(0);
  },
  (error) => {
    console.log(JSON.stringify({ work: opt.work, era: opt.era, sessions: count, fatal: error.message }));
    process.exit(1);
  },
);
