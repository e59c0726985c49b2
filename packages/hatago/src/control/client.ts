import { type ClientRequest, type IncomingMessage, request as send } from 'node:http';
import { CliError, EXIT } from '../exit.ts';
import { findRunningHub, type HubHome, type RunFile } from '../run-file.ts';

/** A running hub, reached over its local socket. */
export interface ControlClient {
  readonly run: RunFile;
  /** Paths are those behind `/api/v1`. @throws CliError in the hub's own words when it refuses, or has gone */
  get<T>(path: string): Promise<T>;
  /** `limitMs`: when a hub that does not begin to answer is given up. @default it is waited for without end */
  post<T>(path: string, body?: object, limitMs?: number): Promise<T>;
  put<T>(path: string, body: object): Promise<T>;
  delete<T>(path: string): Promise<T>;
  /**
   * Calls back for every event of a stream, in order. Resolves once the hub has begun to send them; `ended` does when none
   * comes any more.
   */
  events(path: string, on: (event: Record<string, unknown>) => void): Promise<EventFeed>;
}

/** A stream of events that is under way. */
export interface EventFeed {
  readonly ended: Promise<void>;
  close(): void;
}

/** The hub that runs for this configuration; undefined when none does. */
export function connectControl(where: HubHome): ControlClient | undefined {
  const run = findRunningHub(where);
  if (run?.socket === undefined) return undefined;
  const ask = async <T>(method: string, path: string, body?: object, limitMs = 0): Promise<T> => {
    const response = await open(run, { method, path, body, limitMs });
    const text = await read(response);
    return accept<T>(response.statusCode ?? 0, text);
  };
  return {
    run,
    get: (path) => ask('GET', path, undefined, LOOK_LIMIT_MS),
    post: (path, body = {}, limitMs) => ask('POST', path, body, limitMs),
    put: (path, body) => ask('PUT', path, body),
    delete: (path) => ask('DELETE', path),
    async events(path, on) {
      const response = await open(run, { method: 'GET', path, limitMs: LOOK_LIMIT_MS });
      if (response.statusCode !== 200) accept(response.statusCode ?? 0, await read(response));
      const ended = new Promise<void>((resolve) => response.once('close', resolve));
      follow(response, on);
      return { ended, close: () => response.destroy() };
    },
  };
}

/** A hub that only has to look something up and does not begin to answer in this time hangs. */
const LOOK_LIMIT_MS = 15_000;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: object | undefined;
  /** 0 = without end. */
  readonly limitMs: number;
}

function open({ socket: socketPath, pid }: RunFile, { method, path, body, limitMs }: Asked): Promise<IncomingMessage> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const content =
    text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const headers = { Host: 'localhost', ...content };
    // Without a name `node:http` looks for one in an address that is none, which takes as long as all of the rest.
    const to = { socketPath, agent: false, servername: '' } as const;
    const request: ClientRequest = send({ ...to, method, path: `/api/v1${path}`, headers });
    const timer =
      limitMs === 0
        ? undefined
        : setTimeout(() => {
            request.destroy();
            reject(
              new CliError(`the hub (process ${pid}) does not answer; if it hangs, end it with \`kill -9 ${pid}\``),
            );
          }, limitMs);
    request.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const gone = error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET';
      reject(
        gone
          ? new CliError('the hub has ended; start one with `hatago serve`', EXIT.noHub)
          : new CliError(`the hub cannot be reached on ${socketPath}: ${error.message}`),
      );
    });
    request.end(text);
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** What the hub answered. @throws CliError with what it refuses and why */
function accept<T>(status: number, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CliError(`the hub answered with something that is not JSON (status ${status})`);
  }
  if (status >= 200 && status < 300) return value as T;
  const { error } = value as { error?: { code?: string; message?: string; next?: string; details?: string[] } };
  const lines = [`${error?.message ?? `the hub answered with status ${status}`} ${error?.next ?? ''}`.trim()];
  throw new CliError([...lines, ...(error?.details ?? [])].join('\n'), EXITS[error?.code ?? ''] ?? EXIT.failure);
}

const EXITS: Readonly<Record<string, number>> = {
  HATAGO_NOT_FOUND: EXIT.notFound,
  HATAGO_INVALID_PARAMS: EXIT.usage,
  HATAGO_POLICY_DENIED: EXIT.denied,
  HATAGO_NEEDS_APPROVAL: EXIT.denied,
  HATAGO_GENERATION_ACTIVE: EXIT.usage,
  HATAGO_CONFIG_SYNTAX: EXIT.usage,
  HATAGO_CONFIG_INVALID: EXIT.usage,
  HATAGO_CONFIG_OLD_FORMAT: EXIT.usage,
  HATAGO_CONFIG_NOT_FOUND: EXIT.notFound,
};

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
function follow(response: IncomingMessage, on: (event: Record<string, unknown>) => void): void {
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    // The hub writes the data of each event in one line.
    for (const line of lines) if (line.startsWith('data: ')) on(JSON.parse(line.slice(6)) as Record<string, unknown>);
  });
  response.on('error', () => {});
}
