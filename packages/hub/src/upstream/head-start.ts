import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createProcessGuard, type ProcessGuard } from './guard.ts';
import { runsNpx } from './npx.ts';
import { endProcessGroup } from './process-group.ts';
import { type StdioSpec, startProgram } from './program.ts';
import type { UpstreamSpec } from './spec.ts';

/** Programs of servers that were started while the hub they are for was still being made. */
export interface HeadStart {
  /** Guards them, and all that are started after them. */
  readonly guard: ProcessGuard;
  /** A program that runs with exactly this specification, which is the caller's from then on; undefined where there is none. */
  take(spec: StdioSpec): ChildProcess | undefined;
  /** Ends those that nobody took; resolves when nothing of them is left. */
  close(): Promise<void>;
}

/** Options of {@link giveHeadStart}. */
export interface HeadStartOptions {
  /** Most programs. @default one for each processor: more would take from the hub what it needs itself */
  readonly max?: number;
  /** @default {@link startProgram} */
  readonly start?: (spec: StdioSpec) => ChildProcess;
}

/**
 * Starts the first of the servers that a hub with them would start at once anyway, for a hub is made on one processor while
 * the others have nothing to do. Servers that are more than a program to run are left to the hub, and so are those that
 * cannot be started.
 */
export function giveHeadStart(
  servers: readonly UpstreamSpec[],
  { max = availableParallelism(), start = startProgram }: HeadStartOptions = {},
): HeadStart {
  const guard = createProcessGuard();
  const running: { readonly key: string; readonly child: ChildProcess }[] = [];
  for (const { command = '', args, env, cwd } of servers.filter(isPlain).slice(0, max)) {
    const spec = { command, args, env, cwd };
    const child = tryToStart(() => start(spec));
    if (child?.pid !== undefined) running.push({ key: keyOf(spec), child });
  }
  let closed: Promise<void> | undefined;
  for (const { child } of running) guard.add(child.pid as number);
  return {
    guard,
    take(spec) {
      if (running.length === 0) return undefined;
      const key = keyOf(spec);
      const at = running.findIndex((one) => one.key === key && isThere(one.child));
      return at === -1 ? undefined : running.splice(at, 1)[0]?.child;
    },
    close() {
      closed ??= Promise.all(running.splice(0).map(({ child }) => end(child, guard))).then(() => {});
      return closed;
    },
  };
}

/** Whether a server is started at once, and is nothing but a program that runs in its folder. */
function isPlain({
  kind,
  start,
  blocked,
  isolation,
  dependsOn,
  workspace,
  command = '',
  args = [],
}: UpstreamSpec): boolean {
  if (kind !== 'stdio' || start === 'lazy' || blocked !== undefined || isolation === 'session') return false;
  return (dependsOn ?? []).length === 0 && workspace !== 'temp' && !runsNpx(command, args);
}

function tryToStart(start: () => ChildProcess): ChildProcess | undefined {
  try {
    // Why it could not be started is told by the hub, which tries again.
    const child = start().on('error', () => {});
    for (const stream of child.stdio) stream?.on('error', () => {});
    return child;
  } catch {
    return undefined;
  }
}

const keyOf = ({ command, args, env, cwd }: StdioSpec): string => JSON.stringify([command, args, env, cwd]);

const isThere = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

async function end(child: ChildProcess, guard: ProcessGuard): Promise<void> {
  child.stdin?.end();
  await endProcessGroup(child.pid as number);
  guard.remove(child.pid as number);
  for (const stream of child.stdio) stream?.destroy();
  child.unref();
}
