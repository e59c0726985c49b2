import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { binOf, journalServer } from './paths.ts';
import { collect, firstJsonLine, killGroup, start } from './processes.ts';
import type { Scope } from './scope.ts';
import { until } from './until.ts';

/** How the journal server is reached and what it speaks. */
export interface JournalOptions {
  readonly era: 'legacy' | 'modern';
  readonly transport: 'stdio' | 'http' | 'sse' | 'ws';
  /** Further arguments of its command line. */
  readonly args?: readonly string[];
}

/** A journal server, as an entry of the hub's configuration. */
export interface JournalServer {
  readonly entry: Record<string, unknown>;
  /** What was written down so far. */
  read(): JournalEntry[];
  /** Process ids of every start. */
  pids(): number[];
  /** Kills it, where it listens; a child is the hub's to end. */
  kill(): void;
}

/** One line of a journal. */
export interface JournalEntry {
  readonly nonce?: string;
  readonly answered?: string;
  readonly refused?: string;
  readonly asked?: string;
  readonly cancelled?: unknown;
  readonly task?: string;
  readonly status?: string;
  readonly tool?: string;
  /** The message as it came. */
  readonly raw?: string;
  readonly params?: Record<string, unknown>;
}

/** Prepares a journal server: started here where it listens, by the hub where it is a child. */
export async function journal(scope: Scope, options: JournalOptions): Promise<JournalServer> {
  const dir = scope.dir();
  const files = { journal: join(dir, 'journal'), pids: join(dir, 'pids') };
  const { era, transport } = options;
  const args = [
    journalServer,
    '--era',
    era,
    '--transport',
    transport,
    '--journal',
    files.journal,
    '--pids',
    files.pids,
  ];
  args.push(...(options.args ?? []));
  const server = {
    read: () => linesOf(files.journal).map((line) => JSON.parse(line) as JournalEntry),
    pids: () => linesOf(files.pids).map(Number),
    kill: () => {},
  };
  if (transport === 'stdio') return { ...server, entry: { command: process.execPath, args } };
  const child = start(process.execPath, args);
  const kill = (): void => killGroup(child.pid, 'SIGKILL');
  scope.defer(kill);
  const { url } = await firstJsonLine<{ url: string }>(child);
  return { ...server, kill, entry: { type: transport, url } };
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

/** The npm server-everything in one of its transports, as an entry of the hub's configuration. */
export async function everything(scope: Scope, transport: 'stdio' | 'http' | 'sse'): Promise<Record<string, unknown>> {
  const script = binOf('@modelcontextprotocol/server-everything', 'mcp-server-everything');
  if (transport === 'stdio') return { command: process.execPath, args: [script, 'stdio'] };
  const port = await freePort();
  const child = start(process.execPath, [script, transport === 'http' ? 'streamableHttp' : 'sse'], {
    env: { PORT: String(port) },
  });
  const stderr = collect(child.stderr);
  child.stdout?.resume();
  scope.defer(() => killGroup(child.pid, 'SIGKILL'));
  await until(`server-everything listens`, () => stderr.text().includes(`port ${port}`), 20_000);
  return { type: transport, url: `http://127.0.0.1:${port}/${transport === 'http' ? 'mcp' : 'sse'}` };
}

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', () => resolve()));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
