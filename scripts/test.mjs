import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cache, prepare, root } from './lib/prepare.mjs';
import { forwardSignals, run } from './lib/run.mjs';

const limitMs = 25 * 60_000;
const started = performance.now();
const total = { passed: 0, failed: 0 };
const modules = join(root, 'node_modules');
const coverage = join(root, 'coverage/coverage-summary.json');

const steps = [
  ['prepare', prepare],
  ['format and lint', () => node('@biomejs/biome/bin/biome', ['check', '.'])],
  ['types', () => node('ts7/bin/tsc', ['--noEmit'])],
  ['unit tests', () => vitest('unit', ['--coverage'])],
  ['end-to-end tests', () => vitest('e2e', [])],
];

forwardSignals();
for (const [name, work] of steps) {
  const began = performance.now();
  process.stdout.write(`\n── ${name}\n`);
  let failure;
  try {
    await work();
  } catch (error) {
    failure = error;
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (failure === undefined) {
    process.stdout.write(`── ${name}: ok, ${seconds} s\n`);
    continue;
  }
  process.stdout.write(`── ${name}: FAILED after ${seconds} s: ${failure.message}\n`);
  if (total.failed === 0) total.failed = 1;
  break;
}

process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** Runs a tool of node_modules with this Node. */
async function node(script, args) {
  const left = limitMs - (performance.now() - started);
  const code = await run(process.execPath, [join(modules, script), ...args], {
    cwd: root,
    timeoutMs: Math.max(1, left),
  });
  if (code !== 0) throw new Error(`exit code ${code}`);
}

/** Runs one vitest project, adds its counts to the total and prints the coverage it measured. */
async function vitest(project, args) {
  const report = join(cache, `${project}.json`);
  mkdirSync(cache, { recursive: true });
  rmSync(report, { force: true });
  rmSync(coverage, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    await node('vitest/vitest.mjs', ['run', '--project', project, ...reporters, ...args]);
  } finally {
    const counts = readJson(report);
    total.passed += counts?.numPassedTests ?? 0;
    total.failed += counts?.numFailedTests ?? 0;
    if (args.includes('--coverage')) printCoverage();
  }
  if (total.failed > 0) throw new Error(`${total.failed} tests failed`);
}

function printCoverage() {
  const summary = readJson(coverage) ?? {};
  for (const name of ['protocol', 'hub']) {
    const folder = join('packages', name, 'src');
    const sum = { covered: 0, total: 0 };
    for (const [file, { statements }] of Object.entries(summary)) {
      if (!relative(root, file).startsWith(folder)) continue;
      sum.covered += statements.covered;
      sum.total += statements.total;
    }
    const percent = sum.total === 0 ? '–' : ((100 * sum.covered) / sum.total).toFixed(2);
    process.stdout.write(`coverage of ${folder}: ${percent} % of ${sum.total} statements\n`);
  }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
