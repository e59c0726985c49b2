import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NOTIFICATIONS, REVISIONS } from './cells.mjs';
import { startHub } from './hub.mjs';
import { run, start } from './processes.mjs';
import { explain, readResults } from './results.mjs';
import { checkTap } from './tap-check.mjs';

const fixture = fileURLToPath(new URL('../fixture/main.mjs', import.meta.url));
const SUITE_TIMEOUT_MS = 300_000;

/**
 * @typedef {Awaited<ReturnType<typeof import('./install.mjs').ensureSuite>>} Suite
 * @typedef {object} CellReport
 * @property {string} title
 * @property {Record<string, unknown>} settings
 * @property {number} passed
 * @property {number} total
 * @property {number} expected how many scenarios there should be
 * @property {import('./results.mjs').ScenarioResult[]} scored
 * @property {Array<import('./results.mjs').ScenarioResult & { reason?: string }>} unscored `reason` tells why it does
 *   not pass
 * @property {ReturnType<typeof explain>} remarks warnings and skipped checks of scored scenarios
 * @property {import('./tap-check.mjs').TapReport} [tap]
 * @property {string} [error] why there are no results
 */

/**
 * Runs the server scenarios of one cell: suite → hub → fixture.
 *
 * @param {import('./cells.mjs').Cell} cell
 * @param {Suite} suite
 * @param {{ dir: string, scenario?: string }} options `dir` takes everything that is written
 * @returns {Promise<CellReport>}
 */
export async function runCell(cell, suite, { dir, scenario }) {
  const tapFile = join(dir, 'tap.jsonl');
  const title = `${cell.number} ${cell.front} front × ${cell.upstream} upstream`;
  const report = await withFixture(cell.upstream, tapFile, async (fixtureUrl) => {
    const hub = await startHub({ type: 'http', url: fixtureUrl, ...cell.settings });
    try {
      return await runServerSuite(suite, cell.front, hub.url, { dir, scenario });
    } finally {
      await hub.stop();
    }
  }).catch(failed);
  return {
    ...summarize(title, scenario ? { ...cell, scenarios: report.scored.length } : cell, report),
    ...(scenario === undefined && !report.error && { tap: checkTap(tapFile, cell.upstream) }),
  };
}

/**
 * Runs the server scenarios of one era against the fixture itself, which proves the fixture.
 *
 * @param {'legacy' | 'modern'} era
 * @param {Suite} suite
 * @param {{ dir: string, scenario?: string }} options
 * @returns {Promise<CellReport>}
 */
export async function runDirect(era, suite, { dir, scenario }) {
  const front = REVISIONS[era];
  const report = await withFixture(era, join(dir, 'tap.jsonl'), (url) =>
    runServerSuite(suite, front, url.replace('127.0.0.1', 'localhost'), { dir, scenario }),
  ).catch(failed);
  const scenarios = scenario ? report.scored.length : suite.requirements(front).scored.server.length;
  return summarize(
    `${front}, the fixture alone`,
    { settings: {}, scenarios, named: {}, unscored: NOTIFICATIONS },
    report,
  );
}

/**
 * @template T
 * @param {'legacy' | 'modern'} era
 * @param {string} tapFile
 * @param {(url: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withFixture(era, tapFile, work) {
  const child = start(process.execPath, [fixture, '--era', era, '--http', '0', '--tap', tapFile]);
  try {
    return await work(JSON.parse(await child.firstLine()).url);
  } finally {
    await child.stop();
  }
}

/**
 * @typedef {{ scored: import('./results.mjs').ScenarioResult[], unscored: import('./results.mjs').ScenarioResult[],
 *   error?: string }} SuiteReport
 * @param {Suite} suite
 * @param {string} revision
 * @param {string} url
 * @param {{ dir: string, scenario?: string }} options
 * @returns {Promise<SuiteReport>}
 */
async function runServerSuite(suite, revision, url, { dir, scenario }) {
  const { scored, unscored } = suite.requirements(revision);
  const out = join(dir, 'results');
  const which = scenario ? ['--scenario', scenario, '--spec-version', revision] : ['--requirements', revision];
  const { output } = await run(suite.node, [suite.cli, 'server', '--url', url, ...which, '-o', out], {
    timeoutMs: SUITE_TIMEOUT_MS,
  });
  const only = (/** @type {string[]} */ names) => (scenario ? names.filter((name) => name === scenario) : names);
  const results = readResults(out, only(scored.server));
  const error =
    results.every(isMissing) && results.length > 0 ? `the suite gave no results\n${output.slice(-2_000)}` : '';
  return { scored: results, unscored: readResults(out, only(Object.keys(unscored))), ...(error && { error }) };
}

/** @param {import('./results.mjs').ScenarioResult} result */
function isMissing(result) {
  return result.failures[0]?.id === 'not-run';
}

/**
 * @param {unknown} error
 * @returns {SuiteReport}
 */
function failed(error) {
  return { scored: [], unscored: [], error: /** @type {Error} */ (error).message };
}

/**
 * @param {string} title
 * @param {Pick<import('./cells.mjs').Cell, 'settings' | 'scenarios' | 'named' | 'unscored'>} cell
 * @param {SuiteReport} report
 * @returns {CellReport}
 */
function summarize(title, { settings, scenarios, named, unscored: reasons }, { scored, unscored, error }) {
  return {
    title,
    settings,
    passed: scored.filter((result) => result.passed).length,
    total: scored.length,
    expected: scenarios,
    scored,
    unscored: unscored.map((result) => {
      const reason = result.passed ? undefined : reasonOf(result.scenario, reasons);
      return { ...result, ...(reason && { reason }) };
    }),
    remarks: explain(scored, named),
    ...(error && { error }),
  };
}

/**
 * @param {string} scenario
 * @param {Record<string, string>} reasons
 */
function reasonOf(scenario, reasons) {
  const prefix = Object.keys(reasons).find((key) => key.endsWith('*') && scenario.startsWith(key.slice(0, -1)));
  return reasons[scenario] ?? (prefix && reasons[prefix]);
}
