import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Reads what the suite wrote.
 *
 * @typedef {{ id: string, status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO', description?: string,
 *   errorMessage?: string }} Check
 * @typedef {object} ScenarioResult
 * @property {string} scenario
 * @property {boolean} passed no check failed, and at least one was made
 * @property {number} checks how many succeeded
 * @property {Check[]} failures
 * @property {Check[]} warnings
 * @property {Check[]} skipped
 */

/**
 * @param {string} dir the suite's output folder
 * @param {string[]} scenarios the ones to report, in this order; one without results has failed
 * @returns {ScenarioResult[]}
 */
export function readResults(dir, scenarios) {
  const folders = existsSync(dir) ? readdirSync(dir).sort() : [];
  return scenarios.map((scenario) => {
    const folder = folders.findLast((name) => scenarioOf(name) === scenario);
    const path = folder && join(dir, folder, 'checks.json');
    return toResult(scenario, path && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined);
  });
}

/**
 * The suite names a folder `[server-]<scenario>-<time>`.
 *
 * @param {string} folder
 */
function scenarioOf(folder) {
  const name = folder.replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '');
  return name.replace(/^server-/, '');
}

/**
 * @param {string} scenario
 * @param {Check[] | undefined} checks
 * @returns {ScenarioResult}
 */
function toResult(scenario, checks) {
  if (!checks) checks = [{ id: 'not-run', status: 'FAILURE', errorMessage: 'the suite wrote no result' }];
  const of = (/** @type {Check['status']} */ status) => checks.filter((check) => check.status === status);
  const [succeeded, failures, warnings, skipped] = [of('SUCCESS'), of('FAILURE'), of('WARNING'), of('SKIPPED')];
  const made = succeeded.length + failures.length + warnings.length;
  if (made === 0) failures.push({ id: 'nothing-checked', status: 'FAILURE', errorMessage: 'no check was made' });
  return { scenario, passed: failures.length === 0, checks: succeeded.length, failures, warnings, skipped };
}

/**
 * Sorts the warnings and skipped checks of a run into those that have a reason and those that have none.
 *
 * @param {ScenarioResult[]} results
 * @param {Record<string, string>} named `scenario` or `scenario:check` → reason
 */
export function explain(results, named) {
  return results.flatMap((result) =>
    [...result.warnings, ...result.skipped].map((check) => ({
      scenario: result.scenario,
      check: check.id,
      status: check.status,
      detail: check.errorMessage ?? check.description ?? '',
      reason: named[`${result.scenario}:${check.id}`] ?? named[check.id] ?? named[result.scenario],
    })),
  );
}
