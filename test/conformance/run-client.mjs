import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './processes.mjs';
import { explain, readResults } from './results.mjs';

const driver = fileURLToPath(new URL('./hub-as-client.mjs', import.meta.url));
const TIMEOUT_MS = 60_000;

/**
 * @typedef {object} ClientReport
 * @property {string} scenario
 * @property {string} revision
 * @property {boolean} passed
 * @property {import('./results.mjs').ScenarioResult} result
 * @property {ReturnType<typeof explain>} remarks
 * @property {string} [error] what the driver complained of
 */

/**
 * Runs one scenario in which the hub is the client of the suite's server.
 *
 * @param {typeof import('./cells.mjs').CLIENT_SCENARIOS[number]} entry
 * @param {import('./run-cell.mjs').Suite} suite
 * @param {{ dir: string }} options
 * @returns {Promise<ClientReport>}
 */
export async function runClientScenario({ scenario, revision, named }, suite, { dir }) {
  const out = join(dir, `client-${revision}-${scenario}`);
  const command = `"${process.execPath}" "${driver}"`;
  const { code, output } = await run(
    suite.node,
    [suite.cli, 'client', '--command', command, '--scenario', scenario, '--spec-version', revision, '-o', out],
    { timeoutMs: TIMEOUT_MS },
  );
  const [result] = /** @type {[import('./results.mjs').ScenarioResult]} */ (readResults(out, [scenario]));
  // The suite overlooks the exit code of the client in some scenarios; what the driver finds wrong counts in all.
  const complaint = /Client (exited with code|timed out)[\s\S]*/.exec(output)?.[0];
  const passed = code === 0 && result.passed && result.warnings.length === 0 && complaint === undefined;
  return {
    scenario,
    revision,
    passed,
    result,
    remarks: explain([result], named),
    ...(!passed && { error: (complaint ?? output).slice(0, 2_000) }),
  };
}
