// Medians over rounds as Markdown tables.
import { SCENARIOS } from '../scenarios.mjs';
import { medianOf } from './judge.mjs';

const number = (value, digits = 0) => {
  if (value === null || value === undefined) return '–';
  const most = digits === 0 && Math.abs(value) < 10 ? 1 : digits;
  return value.toLocaleString('en-US', { maximumFractionDigits: most });
};

/** A Markdown table, padded so that it reads well in a terminal too; all but the first `left` columns to the right. */
export function toTable(head, body, left = 1) {
  const all = [head, ...body];
  const widths = head.map((_, i) => Math.max(3, ...all.map((row) => [...String(row[i])].length)));
  const pad = (text, i) => (i < left ? String(text).padEnd(widths[i]) : String(text).padStart(widths[i]));
  const line = (row) => `| ${row.map(pad).join(' | ')} |`;
  const rule = `| ${widths.map((w, i) => (i < left ? '-'.repeat(w) : `${'-'.repeat(w - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...body.map(line)].join('\n');
}

const rank = (a, b) => (a.sort ?? Number.POSITIVE_INFINITY) - (b.sort ?? Number.POSITIVE_INFINITY);
const systemsOf = (rows) => [...new Set(rows.filter((row) => !row.fatal).map((row) => row.system))];

function throughputTable(id, rows) {
  const [one, many] = SCENARIOS[id].sessions;
  const body = systemsOf(rows).map((system) => {
    const counts = rows.filter((r) => r.system === system && r.sessions).map((r) => r.sessions);
    const most = Math.max(...counts);
    const at = (sessions, metric) => medianOf(rows, { scenario: id, system, sessions, metric });
    const errors = rows.reduce((sum, r) => sum + (r.system === system ? (r.errors ?? 0) : 0), 0);
    const cells = [
      most === many ? system : `${system} (at ${most})`,
      number(at(most, 'hubCpuUsPerReq')),
      number(at(one, 'hubCpuUsPerReq')),
      number(at(most, 'rps')),
      number(at(one, 'p50'), 2),
      number(at(most, 'p99'), 1),
      number(at(most, 'hubPeakRssMb')),
      number(errors),
    ];
    return { sort: at(most, 'hubCpuUsPerReq'), cells };
  });
  const head = ['system', `µs CPU per call, ${many} sessions`, `${one} session`, `calls/s, ${many}`];
  head.push(`p50 ms, ${one}`, `p99 ms, ${many}`, 'peak MB', 'errors');
  return toTable(
    head,
    body.sort(rank).map((row) => row.cells),
  );
}

function startTable(id, rows) {
  const body = systemsOf(rows).map((system) => {
    const at = (metric) => medianOf(rows, { scenario: id, system, metric });
    const name = system === '(floor)' ? 'the 10 servers alone' : system;
    return { sort: at('readyMs'), cells: [name, number(at('firstAnswerMs')), number(at('readyMs'))] };
  });
  return toTable(
    ['system', 'first answer ms', 'complete list ms'],
    body.sort(rank).map((row) => row.cells),
  );
}

const MEMORY_COLUMNS = {
  'hub MB, idle': ['idleRssMb', 1],
  'its servers MB': ['idleBackendRssMb', 0],
  'idle sessions': ['idleSessions', 0],
  'hub MB with them': ['sessionsRssMb', 1],
  processes: ['sessionsProcs', 0],
  'KB per session': ['kbPerSession', 1],
  'KB per session with GET stream': ['kbPerStream', 1],
};

function memoryTable(id, rows) {
  const body = systemsOf(rows).map((system) => {
    const at = (metric) => medianOf(rows, { scenario: id, system, metric });
    const cells = Object.values(MEMORY_COLUMNS).map(([metric, digits]) => number(at(metric), digits));
    return { sort: at('idleRssMb'), cells: [system, ...cells] };
  });
  return toTable(
    ['system', ...Object.keys(MEMORY_COLUMNS)],
    body.sort(rank).map((row) => row.cells),
  );
}

const COMMAND_COLUMNS = {
  '--version, × node': ['versionTimes', 2],
  'status, × node': ['statusTimes', 2],
  'list, × node': ['listTimes', 2],
  'serve to /readyz, ms': ['emptyReadyMs', 0],
  'on Node 24, ms': ['emptyReadyMs24', 0],
};

function columnsTable(columns) {
  return (id, rows) =>
    toTable(
      ['system', ...Object.keys(columns)],
      systemsOf(rows).map((system) => [
        system,
        ...Object.values(columns).map(([metric, digits]) =>
          number(medianOf(rows, { scenario: id, system, metric }), digits),
        ),
      ]),
    );
}

const TABLE = {
  throughput: throughputTable,
  start: startTable,
  memory: memoryTable,
  commands: columnsTable(COMMAND_COLUMNS),
};

/** One section per scenario that has rows: title, table, and what failed. @param {import('./judge.mjs').Row[]} rows */
export function toSections(rows) {
  const sections = [];
  for (const [id, scenario] of Object.entries(SCENARIOS)) {
    const own = rows.filter((row) => row.scenario === id);
    if (own.length === 0) continue;
    const failures = new Map(own.filter((row) => row.fatal).map((row) => [row.system, row.fatal]));
    const lines = [...failures].map(([system, why]) => `${system} failed: ${why.split('\n')[0].slice(0, 200)}`);
    const table = systemsOf(own).length > 0 ? TABLE[scenario.kind](id, own) : null;
    sections.push([`### ${id}: ${scenario.title}`, table, ...lines].filter(Boolean).join('\n\n'));
  }
  return sections.join('\n\n');
}

/** The verdicts as a table. @param {import('./judge.mjs').Judgement[]} judgements */
export const toLimitsTable = (judgements) =>
  toTable(
    ['scenario', 'limit', 'wanted', 'measured', 'verdict'],
    judgements.map((j) => [j.scenario, j.what, j.wanted, j.measured, j.verdict]),
    5,
  );
