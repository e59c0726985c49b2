/** A construct that belongs into few files only, told by a pattern over the code without comments and strings. */
export interface Confined {
  readonly what: string;
  readonly pattern: RegExp;
  /** Where the rule holds: the start of a path. */
  readonly within: string;
  /** The starts of the paths that may. */
  readonly allowed: readonly string[];
  readonly why: string;
}

/** The sizes of the house; a file or function above them needs a reason in test/allow-list.json. */
export const limits = {
  fileLines: 400,
  functionLines: 120,
  medianFileLines: 150,
  coreLines: 500,
} as const;

/** Where connections to the outside may be opened, and where the protocol's eras and methods may be told apart. */
export const confined: readonly Confined[] = [
  {
    what: 'the global fetch',
    pattern: /(?<![\w.$#])fetch\(/,
    within: 'packages/hub/src/',
    allowed: [],
    why: 'upstream HTTP goes over the keep-alive pool',
  },
  {
    what: 'http.request and its kin',
    pattern: /\b(?:https?|http2|net|tls)\.(?:request|get|connect|createConnection)\(/,
    within: 'packages/hub/src/',
    allowed: ['packages/hub/src/upstream/'],
    why: 'only upstreams open connections',
  },
  {
    what: 'a child process',
    pattern: /(?<![\w.$#])(?:spawn|fork|exec|execFile)\(/,
    within: 'packages/hub/src/',
    allowed: ['packages/hub/src/upstream/'],
    why: 'only upstreams run commands',
  },
  {
    what: 'switch over the method',
    pattern: /\bswitch \((?:\w+\.)*method\)/,
    within: 'packages/hub/src/',
    allowed: ['packages/hub/src/edge/', 'packages/hub/src/upstream/'],
    why: 'the method table decides',
  },
  {
    what: 'a decision by era',
    pattern: /\bera [!=]== /,
    within: 'packages/hub/src/',
    allowed: ['packages/hub/src/edge/', 'packages/hub/src/upstream/'],
    why: 'the core speaks one language',
  },
];
