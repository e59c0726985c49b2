#!/usr/bin/env node
// Profiles the hub (or another system) under one scenario and prints where its CPU time goes.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { sumByFile, summarizeProfile } from './lib/cpu-profile.mjs';
import { buildOurs, installPeers, ROOT } from './lib/install.mjs';
import { canPin } from './lib/plan.mjs';
import { createRig } from './lib/rig.mjs';
import { toTable } from './lib/tables.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { systems } from './systems.mjs';

const HOOK = new URL('lib/profiler-hook.mjs', import.meta.url).href;
const throughput = Object.keys(SCENARIOS).filter((id) => SCENARIOS[id].kind === 'throughput');

const HELP = `Profiles the hub under one scenario: the functions that used its CPU, most first.

Usage: node bench/profile.mjs [options]

  --scenario ID        one of ${throughput.join(',')} (default S2)
  --system NAME        default ours; one of ${Object.keys(systems).join(',')}
  --sessions N         default: the scenario's own
  --duration SECONDS   default 3
  --warmup SECONDS     default 3
  --interval US        time between samples in microseconds (default 200)
  --top N              functions and files shown (default 25)
  --out FILE           the profile, for Chrome DevTools or an editor (default bench/results/<system>-<scenario>.cpuprofile)
  --no-pin             let the scheduler place processes
  --help

Examples
  node bench/profile.mjs                                   a call through the hub to a stdio server
  node bench/profile.mjs --scenario S3 --sessions 1        one client, HTTP server
  node bench/profile.mjs --system ours-2026 --top 40       a client of the modern era
`;

const { values: opt } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'S2' },
    system: { type: 'string', default: 'ours' },
    sessions: { type: 'string' },
    duration: { type: 'string', default: '3' },
    warmup: { type: 'string', default: '3' },
    interval: { type: 'string', default: '200' },
    top: { type: 'string', default: '25' },
    out: { type: 'string' },
    'no-pin': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Asks the profiled process and waits for its answer. */
function ask(child, request) {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('ended while it was profiled')));
    child.send({ profiler: request });
  });
}

function print(profile, { result, file }) {
  const { busyMs, idleMs, functions } = summarizeProfile(profile, ROOT);
  const calls = result.requests;
  const share = (ms) => [
    ms.toFixed(0),
    `${((ms / busyMs) * 100).toFixed(1)}`,
    calls > 0 ? ((ms * 1000) / calls).toFixed(1) : '–',
  ];
  const top = Number(opt.top);
  const head = ['self ms', '%', 'µs per call'];
  const rows = functions.slice(0, top).map((f) => [f.name, f.location, ...share(f.selfMs)]);
  const files = sumByFile(functions).slice(0, top);
  const measured = `${calls} calls, ${result.hubCpuUsPerReq} µs CPU per call with the profiler on`;
  console.log(`${opt.system} ${opt.scenario}, ${result.sessions} sessions: ${measured}`);
  console.log(`busy ${busyMs.toFixed(0)} ms, idle ${idleMs.toFixed(0)} ms, errors ${result.errors}\n`);
  console.log(toTable(['function', 'where', ...head], rows, 2));
  console.log(
    `\n${toTable(
      ['file', ...head],
      files.map((f) => [f.file, ...share(f.selfMs)]),
    )}`,
  );
  console.log(`\nThe whole profile: ${path.relative(process.cwd(), file)}`);
}

async function main() {
  if (opt.help) return console.log(HELP);
  const scenario = SCENARIOS[opt.scenario];
  const system = systems[opt.system];
  if (!throughput.includes(opt.scenario) || !system?.scenarios.includes(opt.scenario)) {
    throw new Error(`cannot profile ${opt.system} under ${opt.scenario}; see --help`);
  }
  if (system.role === 'peer') installPeers();
  if (system.role === 'hub' && !process.env.HATAGO_BIN) buildOurs();
  const warmup = Number(opt.warmup);
  const duration = Number(opt.duration);
  const sessions = Number(opt.sessions ?? scenario.sessions.at(-1));
  const file = path.resolve(opt.out ?? path.join(ROOT, `bench/results/${opt.system}-${opt.scenario}.cpuprofile`));
  mkdirSync(path.dirname(file), { recursive: true });

  const rig = createRig({ pin: !opt['no-pin'] && canPin(), warmup, duration, verbose: true });
  process.once('SIGINT', () => rig.close().then(() => process.exit(130)));
  try {
    const setup = { ...scenario, preload: ['--import', HOOK] };
    const result = await rig.withSystem(system, setup, async (context) => {
      const { work } = scenario;
      await rig.drive(context, { sessions, work, duration: 0.1 });
      await ask(context.child, { start: Number(opt.interval) });
      const measured = await rig.drive(context, { sessions, work, warmup: 0 });
      await ask(context.child, { stop: file });
      return measured;
    });
    if (result.fatal) throw new Error(result.fatal);
    print(JSON.parse(readFileSync(file, 'utf8')), { result, file });
  } finally {
    await rig.close();
  }
}

main().catch((error) => {
  console.error(`profile: ${error.message}`);
  process.exitCode = 1;
});
