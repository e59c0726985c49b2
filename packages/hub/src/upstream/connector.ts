import { resolve } from 'node:path';
import { type CancelSignal, createCanceller } from '../core/cancel.ts';
import type { SessionRef } from '../core/exchange.ts';
import type { Connection, ConnectionContext, ConnectionEvents } from './connection.ts';
import { connect, type Openers } from './detect.ts';
import { buildEnvironment } from './environment.ts';
import type { EraMemory } from './era-memory.ts';
import { openersOf } from './kinds.ts';
import type { Lines } from './lines.ts';
import { LinkError } from './link.ts';
import { npxPackageOf, parsePackageSpec, runsNpx } from './npx.ts';
import { clearBrokenNpx } from './npx-cache.ts';
import { createProcessCaps } from './process-caps.ts';
import type { UpstreamDeps } from './spec.ts';
import type { Starts } from './starts.ts';
import { createWorkspaces, npxWorkspaces, type Workspace, type Workspaces } from './workspaces.ts';

/** How one connection is to be opened. */
export interface OpenTerms {
  /** What is declared to a legacy server on it. */
  readonly capabilities: Record<string, unknown>;
  /** The session that alone uses it, if one does. */
  readonly client: SessionRef | undefined;
  readonly events: ConnectionEvents;
  readonly signal: CancelSignal;
  /** It has a process of its own beside the shared one, and a workspace of its own where there are any. */
  readonly leased: boolean;
}

/** Opens the connections of one server, with the processes they need. */
export interface Connector {
  /** The processes that run, by their group leaders. */
  readonly pids: ReadonlySet<number>;
  /** Rejects with a LinkError; nothing is left running then. */
  open(terms: OpenTerms): Promise<Connection>;
  /** Removes what the server had beside its processes. */
  close(): Promise<void>;
}

/** What {@link createConnector} works with. */
export interface ConnectorOptions {
  readonly context: ConnectionContext;
  readonly memory: EraMemory;
  readonly lines: Lines;
  readonly deps: Pick<UpstreamDeps, 'guard' | 'headStart' | 'starts' | 'workspaces'>;
  /** Replaces how links are opened. */
  readonly openers: Openers | undefined;
}

/** Makes the connector of a server. */
export function createConnector({ context, memory, lines, deps, openers }: ConnectorOptions): Connector {
  const { spec, limits, log, timeouts } = context;
  const pids = new Set<number>();
  const temp = spec.kind === 'stdio' && spec.workspace === 'temp' && openers === undefined;
  const caps = createProcessCaps({ server: spec.id, caps: spec.caps ?? {}, log });
  const isNpx = runsNpx(spec.command ?? '', spec.args ?? []);
  let workspaces: Workspaces | undefined;
  let shared: Workspace | undefined;
  /** What npx keeps was mended and has not been of use since: a package that is itself broken is fetched anew once. */
  let mended = false;

  const openersIn = (cwd: string | undefined): Openers =>
    openers ??
    openersOf(cwd === undefined ? spec : { ...spec, ...movedTo(cwd) }, {
      log,
      limits,
      guard: deps.guard,
      headStart: deps.headStart,
      pids,
      started: caps,
      line: lines.add,
    });
  /** A command that is named by its path is found from where it was meant to run. */
  const movedTo = (cwd: string): { cwd: string; command?: string } => {
    const { command = '' } = spec;
    return /[\\/]/.test(command) ? { cwd, command: resolve(spec.cwd ?? process.cwd(), command) } : { cwd };
  };
  const makeWorkspace = (): Workspace => {
    workspaces ??= deps.workspaces ?? createWorkspaces(undefined, log);
    return workspaces.make(spec.id, isNpx ? npxWorkspaces() : undefined);
  };

  const attempt = async (
    { capabilities, client, events, signal }: OpenTerms,
    cwd: string | undefined,
  ): Promise<Connection> => {
    const canceller = createCanceller();
    const release = signal.onCancel((reason) => canceller.cancel(reason));
    const stop =
      timeouts.connectMs > 0
        ? context.schedule(timeouts.connectMs, () => canceller.cancel('it took too long to connect'))
        : release;
    try {
      return await connect({
        context,
        events,
        openers: openersIn(cwd),
        capabilities,
        client,
        signal: canceller,
        verdict: memory.fresh(),
        remember: memory.remember,
      });
    } finally {
      stop();
      release();
    }
  };

  const withRecovery = async (terms: OpenTerms, cwd: string | undefined): Promise<Connection> => {
    const before = lines.count;
    try {
      const connection = await attempt(terms, cwd);
      mended = false;
      return connection;
    } catch (error) {
      const cleared = mended || terms.signal.cancelled ? undefined : await recoverNpx(lines.since(before));
      if (cleared === undefined || terms.signal.cancelled) throw error;
      mended = true;
      const message = `what npx had kept of it was broken and was removed (${cleared}); it is fetched anew`;
      log({ level: 'warn', event: 'upstream.npx_cache', server: spec.id, message });
      return attempt(terms, cwd);
    }
  };
  const recoverNpx = async (said: readonly string[]): Promise<string | undefined> => {
    if (spec.kind !== 'stdio' || npxPackageOf(spec.command ?? '', spec.args ?? []) === undefined) return undefined;
    const { platform } = process;
    const env = buildEnvironment({ inherited: process.env, declared: spec.env, platform });
    return clearBrokenNpx({ lines: said, env, platform });
  };

  const openHere = async (terms: OpenTerms): Promise<Connection> => {
    if (!temp) return withRecovery(terms, undefined);
    if (!terms.leased) {
      shared ??= makeWorkspace();
      return withRecovery(terms, shared.path);
    }
    const own = makeWorkspace();
    try {
      return withWorkspace(await withRecovery(terms, own.path), own);
    } catch (error) {
      await own.remove();
      throw error;
    }
  };

  return {
    pids,
    async open(terms) {
      const fault = npxFault(spec.command, spec.args);
      if (spec.kind === 'stdio' && fault !== undefined) throw new LinkError({ kind: 'unsent', message: fault });
      const give = spec.kind === 'stdio' ? await placeAt(deps.starts, terms.signal) : undefined;
      try {
        return await openHere(terms);
      } finally {
        give?.();
      }
    },
    async close() {
      await shared?.remove();
      // One of our own making is not closed by anybody else.
      if (deps.workspaces === undefined) await workspaces?.close();
    },
  };
}

function placeAt(starts: Starts | undefined, signal: CancelSignal): Promise<() => void> | undefined {
  return starts?.enter(signal);
}

/** What is wrong with the package that the command line names. */
function npxFault(command = '', args: readonly string[] = []): string | undefined {
  const named = npxPackageOf(command, args);
  if (named === undefined) return undefined;
  const parsed = parsePackageSpec(named.spec);
  return parsed.ok ? undefined : parsed.error;
}

/** A connection whose folder goes with it. */
function withWorkspace(connection: Connection, workspace: Workspace): Connection {
  return {
    get offers() {
      return connection.offers;
    },
    peer: connection.peer,
    request: (call) => connection.request(call),
    follow: (resources, tasks) => connection.follow(resources, tasks),
    probe: (limitMs) => connection.probe(limitMs),
    async close(reason) {
      await connection.close(reason);
      await workspace.remove();
    },
  };
}
