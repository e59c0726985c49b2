/** What a run prints, and what makes it fail. */

/**
 * @typedef {import('./run-cell.mjs').CellReport} CellReport
 * @typedef {import('./run-client.mjs').ClientReport} ClientReport
 */

/**
 * Everything that stands between a run and its success.
 *
 * @param {CellReport[]} cells
 * @param {ClientReport[]} clients
 * @returns {string[]}
 */
export function findFaults(cells, clients) {
  return [
    ...cells.flatMap((cell) => {
      const faults = [];
      if (cell.error) faults.push(cell.error);
      else if (cell.passed !== cell.expected || cell.total !== cell.expected) {
        faults.push(`${cell.passed} of ${cell.expected} scenarios passed`);
      }
      for (const result of cell.scored) {
        for (const check of result.failures) faults.push(`${result.scenario}: ${check.id}: ${describe(check)}`);
      }
      return [...faults, ...unnamed(cell.remarks), ...(cell.tap?.problems ?? []).map((what) => `tap: ${what}`)].map(
        (fault) => `${cell.title}: ${fault}`,
      );
    }),
    ...clients.flatMap((client) => {
      const faults = client.passed ? [] : [client.error ?? 'failed'];
      for (const check of client.result.failures) faults.push(`${check.id}: ${describe(check)}`);
      return [...faults, ...unnamed(client.remarks)].map((fault) => `hub as client: ${nameOf(client)}: ${fault}`);
    }),
  ];
}

/** @param {CellReport['remarks']} remarks */
function unnamed(remarks) {
  return remarks
    .filter(({ reason }) => reason === undefined)
    .map(({ scenario, check, status, detail }) => `${status} without a reason: ${scenario}: ${check}: ${detail}`);
}

/**
 * The table of a run.
 *
 * @param {CellReport[]} cells
 * @param {ClientReport[]} clients
 * @param {string[]} faults
 * @returns {string}
 */
export function formatReport(cells, clients, faults) {
  const lines = [];
  if (cells.length > 0) {
    lines.push(
      ...formatTable(
        ['cell', 'settings', 'passed', 'checks', 'failures', 'warnings', 'skipped', 'upstream leg'],
        cells.map((cell) => [
          cell.title,
          JSON.stringify(cell.settings),
          `${cell.passed}/${cell.expected}`,
          String(sum(cell.scored.map(({ checks }) => checks))),
          String(sum(cell.scored.map(({ failures }) => failures.length))),
          String(cell.remarks.filter(({ status }) => status === 'WARNING').length),
          String(cell.remarks.filter(({ status }) => status === 'SKIPPED').length),
          cell.tap ? `${cell.tap.requests} requests, ${cell.tap.asks} asks, ${verdict(cell.tap.problems)}` : '',
        ]),
      ),
    );
    const remarks = cells.flatMap((cell) => cell.remarks.map((remark) => ({ where: cell.title, ...remark })));
    lines.push(...formatRemarks('Warnings and skipped checks', remarks));
    lines.push('', 'Not scored');
    for (const cell of cells) {
      for (const result of cell.unscored) {
        const why = result.passed ? '' : ` (${result.reason ?? 'NO REASON GIVEN'})`;
        lines.push(`  ${cell.title}: ${tick(result)} ${count(result)}${why}`);
      }
    }
  }
  if (clients.length > 0) {
    lines.push('');
    lines.push(
      ...formatTable(
        ['hub as client', 'revision', 'result'],
        clients.map((client) => [client.scenario, client.revision, `${tick(client)} ${count(client.result)}`]),
      ),
    );
    const remarks = clients.flatMap((client) =>
      client.remarks.map((remark) => ({ where: client.revision, ...remark })),
    );
    lines.push(...formatRemarks('Warnings and skipped checks', remarks));
  }
  lines.push('', faults.length === 0 ? 'All as required.' : `${faults.length} not as required:`);
  lines.push(...faults.map((fault) => `  ✗ ${fault.replaceAll('\n', '\n      ')}`));
  return `${lines.join('\n')}\n`;
}

/**
 * @param {string} title
 * @param {Array<{ where: string } & CellReport['remarks'][number]>} remarks
 */
function formatRemarks(title, remarks) {
  if (remarks.length === 0) return [];
  const rows = new Map();
  for (const { where, status, scenario, check, reason } of remarks) {
    const row = `  ${where}: ${status} ${scenario}: ${check}: ${reason ?? 'NO REASON GIVEN'}`;
    rows.set(row, (rows.get(row) ?? 0) + 1);
  }
  return ['', title, ...[...rows].map(([row, times]) => (times > 1 ? `${row} (${times} times)` : row))];
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function formatTable(head, rows) {
  const widths = head.map((_title, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)));
  const format = (/** @type {string[]} */ row) =>
    row
      .map((cell, column) => cell.padEnd(/** @type {number} */ (widths[column])))
      .join('  ')
      .trimEnd();
  return [format(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(format)];
}

/** @param {{ passed: boolean }} result */
const tick = ({ passed }) => (passed ? '✓' : '✗');

/** @param {import('./results.mjs').ScenarioResult} result */
const count = ({ scenario, checks, failures }) => `${scenario} ${checks}/${checks + failures.length}`;

/** @param {string[]} problems */
const verdict = (problems) => (problems.length === 0 ? 'clean' : `${problems.length} problems`);

/** @param {import('./results.mjs').Check} check */
const describe = (check) => check.errorMessage ?? check.description ?? check.status;

/** @param {ClientReport} client */
const nameOf = ({ scenario, revision }) => `${scenario} ${revision}`;

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
