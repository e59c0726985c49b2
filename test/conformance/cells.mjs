/**
 * What is measured: the four cells of a hub between clients and servers of two eras, and the scenarios in which the
 * hub itself is the client.
 *
 * @typedef {'legacy' | 'modern'} Era
 * @typedef {object} Cell
 * @property {number} number
 * @property {string} name
 * @property {string} front the revision the suite speaks to the hub
 * @property {Era} upstream the era of the server behind the hub
 * @property {Record<string, unknown>} settings settings of the server in the hub's config
 * @property {number} scenarios how many scored scenarios the suite has for the front
 * @property {Record<string, string>} named WARNINGs and SKIPPEDs that are right, as `scenario` or `scenario:check` → why;
 *   the diagonals have none
 * @property {Record<string, string>} unscored why scenarios that are not scored do not pass, as `scenario` or `prefix*`
 */

/** @type {Record<Era, string>} */
export const REVISIONS = { legacy: '2025-11-25', modern: '2026-07-28' };

const POLLING = {
  'server-sse-polling': 'the hub answers a short call as JSON, and then there is no stream that could be closed early',
};
/** True of every server, the fixture alone included. */
export const NOTIFICATIONS = {
  'tasks-status-notifications': 'the suite skips it until it looks for them on the stream of subscriptions/listen',
};
const TASKS = {
  'tasks-*': 'the official server has no tasks in the older era; test/e2e/tasks.test.ts drives those of another server',
};

/** @type {readonly Cell[]} */
export const CELLS = [
  {
    number: 1,
    name: 'modern front, modern upstream',
    front: REVISIONS.modern,
    upstream: 'modern',
    settings: { protocol: 'modern' },
    scenarios: 37,
    named: {},
    unscored: NOTIFICATIONS,
  },
  {
    number: 2,
    name: 'legacy front, legacy upstream',
    front: REVISIONS.legacy,
    upstream: 'legacy',
    settings: { protocol: 'legacy' },
    scenarios: 30,
    named: {},
    unscored: POLLING,
  },
  {
    number: 3,
    name: 'modern front, legacy upstream',
    front: REVISIONS.modern,
    upstream: 'legacy',
    // A legacy server learns what a client can do from `initialize` alone, so a tool that adapts to the caller needs
    // a connection that declares what the caller declared.
    settings: { protocol: 'legacy', capabilities: 'session' },
    scenarios: 37,
    named: {},
    unscored: { ...NOTIFICATIONS, ...TASKS },
  },
  {
    number: 4,
    name: 'legacy front, modern upstream',
    front: REVISIONS.legacy,
    upstream: 'modern',
    settings: { protocol: 'modern' },
    scenarios: 30,
    named: {},
    unscored: POLLING,
  },
];

/**
 * Scored client scenarios in which no authorization takes part.
 *
 * @type {ReadonlyArray<{ scenario: string, revision: string, named: Record<string, string> }>}
 */
export const CLIENT_SCENARIOS = [
  { scenario: 'initialize', revision: REVISIONS.legacy, named: {} },
  { scenario: 'tools_call', revision: REVISIONS.legacy, named: {} },
  { scenario: 'elicitation-sep1034-client-defaults', revision: REVISIONS.legacy, named: {} },
  { scenario: 'sse-retry', revision: REVISIONS.legacy, named: {} },
  { scenario: 'tools_call', revision: REVISIONS.modern, named: {} },
  { scenario: 'request-metadata', revision: REVISIONS.modern, named: {} },
  { scenario: 'sep-2322-client-request-state', revision: REVISIONS.modern, named: {} },
  {
    scenario: 'http-standard-headers',
    revision: REVISIONS.modern,
    named: {
      'sep-2243-client-includes-standard-headers':
        'the suite also looks for initialize and notifications/initialized, which this revision does not have',
    },
  },
  { scenario: 'http-custom-headers', revision: REVISIONS.modern, named: {} },
  { scenario: 'http-invalid-tool-headers', revision: REVISIONS.modern, named: {} },
  { scenario: 'json-schema-ref-no-deref', revision: REVISIONS.modern, named: {} },
];
