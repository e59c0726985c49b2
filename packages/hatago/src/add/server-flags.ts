/** Options by which a server is described on the command line, when it is added and when it is changed. */
export interface ServerFlags {
  readonly transport?: 'http' | 'sse' | 'ws' | 'stdio';
  readonly header: readonly string[];
  readonly auth?: 'bearer' | 'none';
  /** Name of the secret that holds the bearer token. */
  readonly secret?: string;
  readonly env: readonly string[];
  readonly tags: readonly string[];
  readonly packageVersion?: string;
  /** Arguments for the command of a package. */
  readonly args: readonly string[];
  /** False with `--no-auto-restart`. */
  readonly autoRestart: boolean;
  readonly maxRestarts?: number;
  /** How long the test may take, in milliseconds. */
  readonly timeout?: number;
  readonly yes?: boolean;
  readonly force?: boolean;
}

/** How long a try may take: a package is installed first, a remote server answers at once or not at all. */
export function tryMs({ timeout }: ServerFlags, entry: Readonly<Record<string, unknown>>): number {
  return timeout ?? (entry['url'] === undefined ? 180_000 : 30_000);
}

/** The restart settings of an entry; undefined where the flags say nothing of them. */
export function restartOf({ autoRestart, maxRestarts }: ServerFlags): { readonly max: number } | undefined {
  if (!autoRestart) return { max: 0 };
  return maxRestarts === undefined ? undefined : { max: maxRestarts };
}

/** A record without the members that are undefined or hold nothing. */
export function compact(entry: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
