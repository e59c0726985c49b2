// What the hub promises. `npm run bench` fails when a median misses one of these.

/**
 * @typedef {object} Limit
 * @property {string} scenario
 * @property {string} what
 * @property {'at-most' | 'times-floor' | 'times-less-than-peers' | 'eras-within'} rule
 * @property {string} metric member of a measurement
 * @property {number} value the limit itself, in the unit of the metric, as a factor or in percent
 * @property {string} unit
 * @property {number} [sessions]
 */

const command = { scenario: 'S9', rule: 'at-most', unit: '× node -e 0' };
const empty = { scenario: 'S9', rule: 'at-most', unit: 'ms' };
const cpu = { metric: 'hubCpuUsPerReq', unit: 'µs CPU per call', rule: 'at-most' };

/** @type {readonly Limit[]} */
export const LIMITS = [
  { scenario: 'S2', sessions: 64, what: 'call to a stdio server', ...cpu, value: 60 },
  { scenario: 'S3', sessions: 64, what: 'call to an HTTP server', ...cpu, value: 110 },
  { scenario: 'S4', sessions: 16, what: 'list of 500 tools', ...cpu, value: 300 },
  { scenario: 'S6', sessions: 16, what: 'session opened, listed, ended', ...cpu, value: 250 },
  { scenario: 'S7', sessions: 16, what: '1 MiB answer', ...cpu, value: 1500 },
  {
    scenario: 'S5',
    what: 'start with 10 stdio servers, era verdicts remembered',
    rule: 'times-floor',
    metric: 'readyMs',
    value: 1.3,
    unit: '× the servers alone',
  },
  {
    scenario: 'S8',
    what: "hub's own processes with 10 stdio servers",
    rule: 'at-most',
    metric: 'idleRssMb',
    value: 70,
    unit: 'MB resident',
  },
  {
    scenario: 'S8',
    what: 'idle session, no stream',
    rule: 'at-most',
    metric: 'kbPerSession',
    value: 15,
    unit: 'KB per session',
  },
  {
    scenario: 'S8',
    what: 'idle session with an open GET stream',
    rule: 'at-most',
    metric: 'kbPerStream',
    value: 32,
    unit: 'KB per session',
  },
  {
    scenario: 'S2',
    sessions: 64,
    what: 'call to a stdio server, beside the best peer',
    rule: 'times-less-than-peers',
    metric: 'hubCpuUsPerReq',
    value: 4,
    unit: '× less CPU',
  },
  {
    scenario: 'S3',
    sessions: 64,
    what: 'call to an HTTP server, beside the best peer',
    rule: 'times-less-than-peers',
    metric: 'hubCpuUsPerReq',
    value: 8,
    unit: '× less CPU',
  },
  {
    scenario: 'S2',
    sessions: 64,
    what: 'clients of both eras',
    rule: 'eras-within',
    metric: 'hubCpuUsPerReq',
    value: 15,
    unit: '% apart',
  },
  { ...command, what: '`hatago --version`', metric: 'versionTimes', value: 1.6 },
  { ...command, what: '`hatago status` of a running hub', metric: 'statusTimes', value: 2.5 },
  { ...command, what: '`hatago list` of a running hub', metric: 'listTimes', value: 2.5 },
  { ...empty, what: '`hatago serve` without servers, to its first `/readyz`', metric: 'emptyReadyMs', value: 400 },
  { ...empty, what: 'the same on Node 24', metric: 'emptyReadyMs24', value: 250 },
];
