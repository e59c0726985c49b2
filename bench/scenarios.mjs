// What is measured. Throughput scenarios run at two numbers of sessions; S5 measures the start, S8 memory.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { backendArgs } from './lib/command.mjs';
import { measureCommands } from './lib/command-start.mjs';
import { usage } from './lib/proc.mjs';
import { Session } from './lib/session.mjs';
import { round } from './lib/stats.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @type {Record<string, { title: string, kind: 'throughput' | 'start' | 'memory' | 'commands', count?: number, tools?: number, http?: boolean, work?: string, sessions?: number[] }>} */
export const SCENARIOS = {
  S1: {
    title: '`tools/call` straight to the server, no hub: the limit',
    kind: 'throughput',
    ...{ count: 1, tools: 4, work: 'echo', sessions: [1, 64] },
  },
  S2: {
    title: '`tools/call` through the hub to one stdio server',
    kind: 'throughput',
    ...{ count: 1, tools: 4, work: 'echo', sessions: [1, 64] },
  },
  S3: {
    title: '`tools/call` through the hub to one Streamable HTTP server',
    kind: 'throughput',
    ...{ count: 1, tools: 4, http: true, work: 'echo', sessions: [1, 64] },
  },
  S4: {
    title: '`tools/list` of 500 tools from 10 stdio servers',
    kind: 'throughput',
    ...{ count: 10, tools: 50, work: 'list', sessions: [1, 16] },
  },
  S5: { title: 'start: to the first complete `tools/list` of 10 stdio servers', kind: 'start', count: 10, tools: 50 },
  S6: {
    title: 'churn: connect, initialize, list, DELETE, close',
    kind: 'throughput',
    ...{ count: 1, tools: 4, work: 'churn', sessions: [1, 16] },
  },
  S7: {
    title: '1 MiB answers',
    kind: 'throughput',
    ...{ count: 1, tools: 4, work: 'blob', sessions: [1, 16] },
  },
  S8: { title: 'memory: idle, and per idle session', kind: 'memory', count: 10, tools: 50 },
  S9: { title: 'start of the command line, beside `node -e 0`', kind: 'commands' },
};

/** What a system can be asked for: fewer sessions where each is a process, one server where it is a bridge. */
function sessionCounts(system, scenario) {
  const perProcess = scenario.work === 'churn' ? 4 : 64;
  const most = system.maxSessions ?? (system.processPerSession ? perProcess : Number.POSITIVE_INFINITY);
  return [...new Set(scenario.sessions.map((count) => Math.min(count, most)))];
}

async function throughput(rig, system, scenario, settings) {
  const rows = [];
  const counts = sessionCounts(system, scenario);
  const { work } = scenario;
  const failed = await rig.withSystem(system, scenario, async (context) => {
    // Compile the hot path before anything is measured; the warm-up of each cell then only settles it.
    const sessions = Math.min(16, counts.at(-1));
    await rig.drive(context, { sessions, work, warmup: settings.firstWarmup, duration: 0.1 });
    for (const count of counts)
      rows.push({ sessions: count, ...(await rig.drive(context, { sessions: count, work })) });
  });
  return failed ? [...rows, failed] : rows;
}

async function startUp(rig, system, scenario) {
  const setup = { ...scenario, pinned: false, warm: system.warmStart };
  return [
    await rig.withSystem(system, setup, async ({ firstAnswerMs, readyMs }) => ({
      firstAnswerMs: round(firstAnswerMs, 0),
      readyMs: round(readyMs, 0),
    })),
  ];
}

/** What `wanted` idle sessions add to a system's resident memory. */
async function idleMemory(rig, system, setup, { wanted, streams, settleSeconds }) {
  return rig.withSystem(system, setup, async ({ pid, target }) => {
    await sleep(settleSeconds * 1000);
    const before = usage(pid);
    const kept = [];
    const total = ({ hubRssKb, backendRssKb }) => hubRssKb + backendRssKb;
    let half = before;
    for (let i = 0; i < wanted; i++) {
      if (i === wanted >> 1) half = usage(pid);
      const session = new Session(target);
      kept.push(session);
      await session.open();
      if (streams && target.era !== 'sse') await session.openStream();
      // An idle client's connection for requests goes away; a session of the 'sse' era ends with its stream.
      session.dropConnection();
    }
    await sleep(settleSeconds * 1000);
    const after = usage(pid);
    for (const session of kept) session.drop();
    return {
      idleRssMb: round(before.hubRssKb / 1024, 1),
      idleProcs: before.hubProcs,
      idleBackendRssMb: round(before.backendRssKb / 1024, 1),
      rssMb: round(after.hubRssKb / 1024, 1),
      procs: after.hubProcs + after.backendProcs,
      kb: round((total(after) - total(before)) / wanted, 1),
      kbLater: round((total(after) - total(half)) / (wanted - (wanted >> 1)), 1),
    };
  });
}

async function memory(rig, system, scenario, { idleSessions, settleSeconds }) {
  const setup = { ...scenario, ...(system.bridge && { count: 1, tools: 4 }), pinned: false };
  const wanted = system.processPerSession ? 20 : idleSessions;
  const plain = await idleMemory(rig, system, setup, { wanted, streams: false, settleSeconds });
  if (plain.fatal) return [plain];
  const { kb, kbLater, rssMb, procs, ...idle } = plain;
  const row = { ...idle, idleSessions: wanted, sessionsRssMb: rssMb, sessionsProcs: procs };
  if (system.era === 'sse') return [{ ...row, kbPerStream: kb, kbPerStreamLater: kbLater }];
  const open = await idleMemory(rig, system, setup, { wanted, streams: true, settleSeconds });
  const streams = open.fatal ? { streamFailure: open.fatal } : { kbPerStream: open.kb, kbPerStreamLater: open.kbLater };
  return [{ ...row, kbPerSession: kb, kbPerSessionLater: kbLater, ...streams }];
}

async function commands(_rig, { bin }) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'hatago-bench-commands-'));
  try {
    return [await measureCommands(bin, dir)];
  } catch (error) {
    return [{ fatal: error.message }];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const RUN = { throughput, start: startUp, memory, commands };

/**
 * Runs one scenario on one system; resolves with a row for each measurement, `{ fatal }` where it failed.
 * @param {ReturnType<import('./lib/rig.mjs').createRig>} rig
 * @param {import('./systems.mjs').System} system
 * @param {string} id
 * @param {{ firstWarmup: number, idleSessions: number, settleSeconds: number }} settings
 * @returns {Promise<object[]>}
 */
export const runScenario = (rig, system, id, settings) => RUN[SCENARIOS[id].kind](rig, system, SCENARIOS[id], settings);

/** S5's floor: the ten servers started at once, each answering its own tools/list over stdio; in milliseconds. */
export async function startFloor() {
  const { count, tools } = SCENARIOS.S5;
  const startedAt = performance.now();
  const one = (i) => {
    const child = spawn(process.execPath, backendArgs({ name: `b${i}`, tools }), { stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n');
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.stdout.on('data', (chunk) => {
        if (chunk.at(-1) !== 10) return;
        resolve();
        child.kill();
      });
    });
  };
  await Promise.all(Array.from({ length: count }, (_, i) => one(i)));
  return { readyMs: round(performance.now() - startedAt, 0) };
}
