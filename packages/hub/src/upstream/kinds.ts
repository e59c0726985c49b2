import type { Log } from '../core/log.ts';
import type { Openers } from './detect.ts';
import type { ProcessGuard } from './guard.ts';
import type { HeadStart } from './head-start.ts';
import type { Link, LinkDeps, LinkEvents, LinkNote, OpenLink } from './link.ts';
import type { UpstreamKind, UpstreamLimits, UpstreamSpec } from './spec.ts';

/** What the links of every kind are opened with. */
export interface KindDeps {
  readonly log: Log;
  readonly limits: UpstreamLimits;
  readonly guard?: ProcessGuard;
  readonly headStart?: HeadStart;
  /** stdio: see {@link StdioDeps}. */
  readonly pids?: Set<number>;
  started?(pid: number): () => void;
  /** Told of each line a server writes to its stderr. */
  line?(text: string): void;
}

type Opens = (spec: UpstreamSpec, events: LinkEvents, deps: LinkDeps, more: KindDeps) => Promise<Link>;

// Each kind is loaded when the first server of it is opened: who has only local servers holds no HTTP client in memory.
const openHttp: Opens = async (spec, events, deps) =>
  (await import('./http.ts')).openHttp({ url: spec.url ?? '', headers: spec.headers }, events, deps);
const openSse: Opens = async (spec, events, deps) =>
  (await import('./sse.ts')).openSse({ url: spec.url ?? '', headers: spec.headers }, events, deps);

/** How a link of each kind is opened, and what to try when Streamable HTTP is not spoken there. */
export const KINDS: Readonly<Record<UpstreamKind, { readonly open: Opens; readonly sse?: Opens }>> = {
  stdio: {
    open: async (spec, events, deps, { guard, headStart, pids, started }) => {
      const { command = '', args, env, cwd } = spec;
      const { openStdio } = await import('./stdio.ts');
      return openStdio({ command, args, env, cwd }, events, { ...deps, guard, headStart, pids, started });
    },
  },
  http: { open: openHttp, sse: openSse },
  sse: { open: openSse },
  ws: {
    open: async (spec, events, deps) =>
      (await import('./ws.ts')).openWebSocket({ url: spec.url ?? '', headers: spec.headers }, events, deps),
  },
  'in-process': {
    open: async (spec, events, deps) => {
      if (spec.handler === undefined) throw new TypeError(`${spec.id}: an in-process server needs a handler`);
      return (await import('./in-process.ts')).openInProcess({ handler: spec.handler }, events, deps);
    },
  },
};

/** The openers of a configured server. */
export function openersOf(spec: UpstreamSpec, deps: KindDeps): Openers {
  const kind = KINDS[spec.kind];
  const bind =
    (opens: Opens): OpenLink =>
    (events, signal) =>
      opens(
        spec,
        events,
        { signal, note: (note) => takeNote(note, spec.id, deps), maxMessageBytes: deps.limits.maxMessageBytes },
        deps,
      );
  return kind.sse === undefined ? { open: bind(kind.open) } : { open: bind(kind.open), sse: bind(kind.sse) };
}

function takeNote(note: LinkNote, server: string, deps: KindDeps): void {
  if (note.type === 'stderr') deps.line?.(note.line);
  else if (note.type === 'stderr_dropped') deps.line?.(`(${note.lines} more lines came too fast and were left out)`);
  logNote(note, server, deps.log);
}

function logNote(note: LinkNote, server: string, log: Log): void {
  switch (note.type) {
    case 'stderr':
      return log({ level: 'debug', event: 'upstream.stderr', server, message: note.line });
    case 'stderr_dropped':
      return log({ level: 'debug', event: 'upstream.stderr_dropped', server, lines: note.lines });
    case 'banner':
      return log({ level: 'warn', event: 'upstream_protocol', server, message: `not a message: ${note.line}` });
    case 'protocol':
      return log({ level: 'warn', event: 'upstream_protocol', server, message: note.message });
    case 'reconnecting':
      return log({
        level: 'debug',
        event: 'upstream.reconnecting',
        server,
        message: note.message,
        delayMs: note.delayMs,
      });
  }
}
