// Compares what was measured with the limits. Pure: rows in, verdicts out.
import { median } from './stats.mjs';

/**
 * @typedef {{ round: number, scenario: string, system: string, sessions?: number, fatal?: string, errors?: number }} Row
 * @typedef {{ scenario: string, what: string, wanted: string, measured: string, verdict: 'met' | 'missed' | 'not measured' }} Judgement
 */

const show = (value) => (value === null ? '–' : value.toLocaleString('en-US', { maximumFractionDigits: 1 }));

/** Median of one metric over the rounds, without the measurements that failed; null when there is none. */
export function medianOf(rows, { scenario, system, sessions, metric }) {
  const chosen = rows.filter(
    (row) =>
      row.scenario === scenario &&
      row.system === system &&
      !row.fatal &&
      (sessions === undefined || row.sessions === sessions),
  );
  return median(chosen.map((row) => row[metric]));
}

/**
 * How many times as much one system takes as another: the median over what was measured right after each other, for the
 * speed of a machine changes within minutes. Null when nothing was measured of both.
 */
export function timesOf(
  rows,
  { scenario, sessions, metric },
  [system, sessionsOf = sessions],
  [other, sessionsOfOther = sessions],
) {
  const those = (name, count) =>
    rows.filter(
      (r) => r.scenario === scenario && r.system === name && (count === undefined || r.sessions === count || r.fatal),
    );
  const own = those(system, sessionsOf);
  const others = those(other, sessionsOfOther);
  const inRound = (all, { round }) => all.filter((r) => r.round === round);
  const besides = (row) => inRound(others, row)[inRound(own, row).indexOf(row)];
  return median(own.map((row) => row[metric] / besides(row)?.[metric]));
}

/** The peer with the least of a metric, each at the most sessions it could be driven with. */
export function bestPeer(rows, peers, { scenario, sessions, metric }) {
  let best = { system: null, sessions: null, value: null };
  for (const system of peers) {
    const counts = rows.filter((r) => r.scenario === scenario && r.system === system && !r.fatal && r.sessions);
    const most = Math.max(...counts.map((r) => r.sessions).filter((n) => n <= sessions));
    const value = medianOf(rows, { scenario, system, sessions: most, metric });
    if (value !== null && (best.value === null || value < best.value)) best = { system, sessions: most, value };
  }
  return best;
}

const RULES = {
  'at-most': (limit, { rows }) => {
    const own = medianOf(rows, { ...limit, system: 'ours' });
    return {
      wanted: `≤ ${show(limit.value)} ${limit.unit}`,
      measured: show(own),
      ok: own === null ? null : own <= limit.value,
    };
  },
  'times-floor': (limit, { rows }) => {
    const own = medianOf(rows, { ...limit, system: 'ours' });
    const floor = medianOf(rows, { ...limit, system: '(floor)' });
    const times = timesOf(rows, limit, ['ours'], ['(floor)']);
    return {
      wanted: `≤ ${limit.value} ${limit.unit}`,
      measured: times === null ? '–' : `${times.toFixed(2)} (${show(own)} of ${show(floor)} ms)`,
      ok: times === null ? null : times <= limit.value,
    };
  },
  'times-less-than-peers': (limit, { rows, peers }) => {
    const best = bestPeer(rows, peers, limit);
    const times = timesOf(rows, limit, [best.system, best.sessions], ['ours']);
    return {
      wanted: `≥ ${limit.value} ${limit.unit}`,
      measured: times === null ? '–' : `${times.toFixed(1)} (${best.system}: ${show(best.value)} µs)`,
      ok: times === null ? null : times >= limit.value,
    };
  },
  'eras-within': (limit, { rows }) => {
    const old = medianOf(rows, { ...limit, system: 'ours' });
    const modern = medianOf(rows, { ...limit, system: 'ours-2026' });
    const times = timesOf(rows, limit, ['ours-2026'], ['ours']);
    const apart = times === null ? null : (Math.max(times, 1 / times) - 1) * 100;
    return {
      wanted: `≤ ${limit.value} ${limit.unit}`,
      measured: apart === null ? '–' : `${apart.toFixed(1)} (${show(old)} and ${show(modern)} µs)`,
      ok: apart === null ? null : apart <= limit.value,
    };
  },
};

/** Every answer right: no failed measurement and no wrong answer at our own systems. */
function judgeAnswers(rows, ours) {
  const own = rows.filter((row) => ours.includes(row.system));
  const wrong = own.reduce((sum, row) => sum + (row.errors ?? 0), 0);
  const failed = own.filter((row) => row.fatal || row.streamFailure).length;
  return {
    scenario: 'all',
    what: 'answers wrong or missing, measurements failed',
    wanted: '0 and 0',
    measured: `${wrong} and ${failed}`,
    verdict: own.length === 0 ? 'not measured' : wrong + failed === 0 ? 'met' : 'missed',
  };
}

/**
 * Judges every limit. One that was asked for but yielded no number is missed; one that was not asked for is not measured.
 * @param {readonly import('../limits.mjs').Limit[]} limits
 * @param {Row[]} rows
 * @param {import('./plan.mjs').Plan['asked']} asked what was to be measured
 * @returns {Judgement[]}
 */
export function judge(limits, rows, asked) {
  const judged = limits.map((limit) => {
    const peers = asked.peers[limit.scenario] ?? [];
    const { wanted, measured, ok } = RULES[limit.rule](limit, { rows, peers });
    const alone = limit.rule === 'times-less-than-peers' && peers.length === 0;
    const skipped = alone || asked.ours.length === 0 || !asked.scenarios.includes(limit.scenario);
    const verdict = ok === true ? 'met' : ok === false || !skipped ? 'missed' : 'not measured';
    return { scenario: limit.scenario, what: limit.what, wanted, measured, verdict };
  });
  return [...judged, judgeAnswers(rows, asked.ours)];
}
