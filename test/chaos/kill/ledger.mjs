/** What happened, and what must not have. */
export function createLedger() {
  return {
    rounds: 0,
    kills: 0,
    config: { sent: 0, acknowledged: 0 },
    secrets: { sent: 0, acknowledged: 0 },
    children: 0,
    /** Temporary files seen right after a kill, before the start that sweeps them. */
    leftByKill: 0,
    /** Paths. */
    leftAfterStart: [],
    /** Process ids. */
    aliveAfter2s: [],
    /** What cannot be read, and what was acknowledged and is not there. */
    faults: [],
    startMs: [],
    /** How long after the kill the last child was gone. */
    childMs: [],
  };
}

/** Whether nothing happened that must not. */
export function isClean({ faults, leftAfterStart, aliveAfter2s }) {
  return faults.length + leftAfterStart.length + aliveAfter2s.length === 0;
}

/** The ledger for a person. */
export function formatLedger(ledger) {
  const { seed, rounds, kills, config, secrets, children, leftByKill, leftAfterStart, aliveAfter2s, faults } = ledger;
  const most = (values) => (values.length === 0 ? 0 : Math.round(Math.max(...values)));
  const middle = (values) => Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
  const row = (what, is, must = '') =>
    `${what.padEnd(44)}${String(is).padStart(8)}${must === '' ? '' : `   ${must}`}\n`;
  const mark = (count) => (count === 0 ? 'ok' : 'MISSED');
  return [
    row('rounds', rounds),
    row('processes killed', kills),
    row('configuration writes sent', config.sent),
    row('  acknowledged', config.acknowledged),
    row('secret writes sent', secrets.sent),
    row('  acknowledged', secrets.acknowledged),
    row('temporary files right after the kills', leftByKill),
    row('temporary files after the next start', leftAfterStart.length, mark(leftAfterStart.length)),
    row('unreadable files and lost writes', faults.length, mark(faults.length)),
    row('children', children),
    row('  alive 2 s after the kill', aliveAfter2s.length, mark(aliveAfter2s.length)),
    row('  gone after, at most (ms)', most(ledger.childMs)),
    row('start of the hub, median (ms)', middle(ledger.startMs)),
    row('seed', seed),
    ...[...leftAfterStart, ...faults].map((line) => `  ${line}\n`),
  ].join('');
}
