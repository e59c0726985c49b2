import { spawn } from 'node:child_process';
import http from 'node:http';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import {
  type Answer,
  answerAsk,
  initializeParams,
  type Message,
  requestText,
  type Sent,
  type WireClient,
  type WireOptions,
  withEnvelope,
} from './client.ts';
import { createEventReader } from './event-reader.ts';
import { createAgent, post } from './http.ts';

/** A transport that carries texts both ways. */
interface Pipe {
  write(text: string): unknown;
  close(): Promise<void>;
  /** Set by the client. */
  receive?(text: string): void;
  closed?(reason: string): void;
}

/** Options of a client on a transport that carries both eras. */
export interface DuplexOptions extends WireOptions {
  /** @default legacy */
  readonly era?: 'legacy' | 'modern';
}

async function connect(pipe: Pipe, options: DuplexOptions): Promise<WireClient> {
  const era = options.era ?? 'legacy';
  const waiting = new Map<string | number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  let lastId = 0;
  pipe.receive = (text) => {
    const message = JSON.parse(text) as Message;
    if (message.method !== undefined) {
      if (message.id === undefined) options.notice?.(message, undefined);
      else void answerAsk(options, message, undefined).then((answer) => pipe.write(answer));
      return;
    }
    const entry = waiting.get(message.id as string | number);
    if (entry === undefined) throw new Error(`an answer nobody waits for: ${text.slice(0, 300)}`);
    waiting.delete(message.id as string | number);
    entry.resolve({ status: 200, message, text });
  };
  pipe.closed = (reason) => {
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
  };
  const notify = async (method: string, params: Record<string, unknown> = {}): Promise<void> => {
    await pipe.write(JSON.stringify({ jsonrpc: '2.0', method, params }));
  };
  const send: WireClient['send'] = (method, params = {}, id = ++lastId, text): Sent => {
    if (waiting.has(id)) throw new Error(`id ${id} is in use`);
    const answer = new Promise<Answer>((resolve, reject) => waiting.set(id, { resolve, reject }));
    const body = text ?? JSON.stringify(era === 'modern' ? withEnvelope(params, options) : params);
    void pipe.write(requestText(id, method, body));
    return { answer, cancel: () => void notify('notifications/cancelled', { requestId: id }) };
  };
  const client = {
    era,
    hello: undefined as Message | undefined,
    send,
    request: ((method, params, id) => send(method, params, id).answer) satisfies WireClient['request'],
    notify,
    close: () => pipe.close(),
  };
  if (era === 'legacy') {
    client.hello = (await send('initialize', initializeParams(options), 'hello').answer).message;
    await notify('notifications/initialized');
  }
  return client;
}

/** A client over WebSocket. */
export async function connectWs(url: string, options: DuplexOptions = {}): Promise<WireClient> {
  const socket = new WebSocket(url, 'mcp');
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  const pipe: Pipe = {
    write: (text) => socket.send(text),
    close: () =>
      new Promise((resolve) => {
        if (socket.readyState === WebSocket.CLOSED) return resolve();
        socket.once('close', () => resolve());
        socket.close();
      }),
  };
  socket.on('message', (data) => pipe.receive?.(String(data)));
  socket.on('close', (code) => pipe.closed?.(`the socket was closed (${code})`));
  return connect(pipe, options);
}

/** A client of the HTTP+SSE transport of 2024-11-05. */
export async function connectSse(url: string, options: WireOptions = {}): Promise<WireClient> {
  const agent = createAgent();
  /** An answer may come on the stream before the POST that asked for it is answered; closing waits for those. */
  const posting = new Set<Promise<unknown>>();
  let request: http.ClientRequest | undefined;
  const pipe: Pipe = {
    write: () => {},
    async close() {
      await Promise.allSettled(posting);
      request?.destroy();
      agent.destroy();
    },
  };
  const endpoint = await new Promise<string>((resolve, reject) => {
    request = http.request(url, { headers: { accept: 'text/event-stream' } }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`GET answered ${response.statusCode}`));
      const read = createEventReader(({ name, data }) => {
        if (name === 'endpoint') resolve(new URL(data, url).href);
        else pipe.receive?.(data);
      });
      response.setEncoding('utf8').on('data', read);
      response.on('close', () => pipe.closed?.('the stream was closed'));
      response.on('error', () => {});
    });
    request.on('error', reject).end();
  });
  pipe.write = async (text) => {
    const posted = post(agent, endpoint, {}, text, () => {});
    posting.add(posted);
    const { status, body } = await posted.finally(() => posting.delete(posted));
    if (status >= 400) throw new Error(`POST answered ${status}: ${body}`);
  };
  return connect(pipe, { version: '2024-11-05', ...options });
}

/** A process that serves one client on its standard input and output. */
export interface StdioClient extends WireClient {
  readonly pid: number;
  /** Everything it wrote to stderr. */
  stderr(): string;
  /** Ends its input and waits for its end; resolves with the exit code. */
  end(): Promise<number | null>;
}

/** Starts a process and is its client. */
export async function connectStdio(
  command: string,
  args: readonly string[],
  options: DuplexOptions & { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<StdioClient> {
  const child = spawn(command, args, { env: { ...process.env, ...options.env }, stdio: 'pipe', detached: true });
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  child.stdin.on('error', () => {});
  const over = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const end = (): Promise<number | null> => {
    child.stdin.end();
    return over;
  };
  const pipe: Pipe = {
    write: (text) => void child.stdin.write(`${text}\n`),
    async close() {
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await end();
      clearTimeout(timer);
    },
  };
  createInterface({ input: child.stdout }).on('line', (line) => pipe.receive?.(line));
  child.once('exit', (code, signal) => pipe.closed?.(`the process ended (${code ?? signal}): ${errors.join('')}`));
  const client = await connect(pipe, options);
  return { ...client, pid: child.pid as number, stderr: () => errors.join(''), end };
}
