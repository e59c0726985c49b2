#!/usr/bin/env node
// `npm run bench`: measures the hub and its peers in one run, prints tables, fails when a limit is missed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BIN } from './adapters/ours.mjs';
import { toHeading } from './lib/environment.mjs';
import { buildOurs, installPeers } from './lib/install.mjs';
import { judge } from './lib/judge.mjs';
import { writePage } from './lib/page.mjs';
import { HELP, readOptions, readPlan, UsageError } from './lib/plan.mjs';
import { createRig } from './lib/rig.mjs';
import { toLimitsTable, toSections } from './lib/tables.mjs';
import { LIMITS } from './limits.mjs';
import { runScenario, startFloor } from './scenarios.mjs';
import { systems } from './systems.mjs';

const STARTS = ['versionTimes', 'statusTimes', 'listTimes', 'emptyReadyMs', 'emptyReadyMs24'];
const SHOWN = ['hubCpuUsPerReq', 'rps', 'errors', 'readyMs', 'idleRssMb', 'kbPerSession', 'kbPerStream', ...STARTS];

/** One line on stderr per measurement. */
function report(row) {
  const numbers = [...SHOWN, 'streamFailure', 'fatal'].filter((key) => row[key] !== undefined);
  const at = row.sessions === undefined ? '' : ` @${row.sessions}`;
  const text = numbers.map((key) => `${key} ${row[key]}`).join(', ');
  console.error(`round ${row.round} ${row.scenario} ${row.system}${at}: ${text}`);
}

const ONCE = { all: 1, ours: 0 };
/**
 * How often a round measures everything, and ourselves once more, where a narrow limit is on a ratio: single starts differ by
 * a tenth, and single runs of calls by a third where other tenants of the machine come and go.
 */
const REPEATS = { S2: { all: 1, ours: 2 }, S5: { all: 3, ours: 8 } };

/** Measures everything, interleaved by round; every round begins with another system. */
async function measure(rig, { asked, names, environment, idleSessions }) {
  const rows = [];
  const { quick, rounds, seconds } = environment;
  const settings = { firstWarmup: seconds.firstWarmup, idleSessions, settleSeconds: quick ? 1 : 3 };
  const add = (row) => {
    rows.push(row);
    report(row);
  };
  for (let round = 1; round <= rounds; round++) {
    const first = (round - 1) % Math.max(1, names.length);
    const order = [...names.slice(first), ...names.slice(0, first)];
    for (const scenario of asked.scenarios) {
      const able = order.filter((name) => systems[name].scenarios.includes(scenario));
      const isOurs = (name) => systems[name].role === 'hub';
      const { all, ours } = REPEATS[scenario] ?? ONCE;
      for (let repeat = 0; repeat < all + ours; repeat++) {
        for (const system of able.filter((name) => repeat < all || isOurs(name))) {
          // Right before what it is compared with, for the speed of a machine changes within minutes.
          const hasFloor = scenario === 'S5' && system === (able.find(isOurs) ?? able[0]);
          if (hasFloor) add({ round, scenario, system: '(floor)', ...(await startFloor()) });
          const measured = await runScenario(rig, systems[system], scenario, settings);
          for (const result of measured) add({ round, scenario, system, ...result });
        }
      }
    }
  }
  return rows;
}

/** Prepares, measures and cleans up, also when interrupted. */
async function run(plan, options) {
  if (!existsSync('/proc/self/stat')) throw new UsageError('needs Linux: CPU time and memory are read from /proc');
  if (plan.names.some((name) => systems[name].role === 'peer')) installPeers();
  if (plan.asked.ours.length > 0 && !process.env.HATAGO_BIN) buildOurs();
  if (plan.asked.ours.length > 0 && !existsSync(BIN)) throw new UsageError(`there is no hub at ${BIN}`);
  const { pinned, seconds } = plan.environment;
  const rig = createRig({ pin: pinned, warmup: seconds.warmup, duration: seconds.duration, verbose: options.verbose });
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
    process.once(signal, () => rig.close().finally(() => process.exit(code)));
  }
  try {
    return await measure(rig, plan);
  } finally {
    await rig.close();
  }
}

function print({ environment, rows, judgements }, json) {
  if (json) {
    console.log(JSON.stringify({ environment, limits: judgements, rows }, null, 2));
    return;
  }
  console.log([toHeading(environment), toSections(rows), '## Limits', toLimitsTable(judgements)].join('\n\n'));
  if (environment.quick)
    console.log('\nA quick run: compiled code and caches are not settled. Do not quote these numbers.');
}

async function main(argv) {
  const options = readOptions(argv);
  if (options.help) return console.log(HELP);
  let kept;
  if (options.from) {
    kept = JSON.parse(readFileSync(options.from, 'utf8'));
  } else {
    const plan = readPlan(options, argv);
    kept = { environment: plan.environment, asked: plan.asked, rows: await run(plan, options) };
    mkdirSync(path.dirname(options.out), { recursive: true });
    writeFileSync(options.out, JSON.stringify(kept));
  }
  const judgements = judge(LIMITS, kept.rows, kept.asked);
  print({ ...kept, judgements }, options.json);
  if (options.write) console.error(`wrote ${writePage({ ...kept, judgements })}`);
  if (judgements.some((j) => j.verdict === 'missed')) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error) => {
  const usage = error instanceof UsageError;
  console.error(`bench: ${usage ? error.message : error.stack}`);
  if (usage) console.error('Run `npm run bench -- --help` for the options.');
  process.exitCode = usage ? 2 : 1;
});
