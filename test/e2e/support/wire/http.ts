import http from 'node:http';
import {
  type Answer,
  answerAsk,
  initializeParams,
  type Message,
  MODERN,
  requestText,
  type Sent,
  type WireClient,
  type WireOptions,
  withEnvelope,
} from './client.ts';
import { createEventReader } from './event-reader.ts';

const ACCEPT = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

const IDLE_MS = 10_000;

/** The connections of one client; closed with it, for a pooled connection may be gone when it is used late. */
export function createAgent(): http.Agent {
  // Well before the hub closes what was idle, which may be just as it is used again.
  return new http.Agent({ keepAlive: true, scheduling: 'fifo', timeout: IDLE_MS });
}

/** What came back for one POST. */
export interface Posted {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The whole body, unless it was a stream of events. */
  readonly body: string;
}

/** Sends one body; events of a streamed answer are handed over as they come. */
export function post(
  agent: http.Agent,
  url: string,
  headers: Record<string, string>,
  body: string,
  event: (data: string) => void,
  begun?: (request: http.ClientRequest) => void,
): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const request = http.request(url, {
      method: 'POST',
      agent,
      headers: { ...ACCEPT, ...headers, 'content-length': length },
    });
    begun?.(request);
    request.on('error', reject);
    request.on('response', (response) => {
      const isStream = String(response.headers['content-type']).startsWith('text/event-stream');
      const read = createEventReader(({ data }) => event(data));
      const chunks: string[] = [];
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (isStream ? read(chunk) : chunks.push(chunk)));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: chunks.join('') });
      });
    });
    request.end(body);
  });
}

interface Channel {
  readonly agent: http.Agent;
  headersFor(method: string | undefined, params: Record<string, unknown>): Record<string, string>;
  prepare(params: Record<string, unknown>): Record<string, unknown>;
}

/** Sends one request and gives its answer; everything else on its stream goes to the handlers. */
function exchange(url: string, channel: Channel, options: WireOptions, message: Message, body: string): Sent {
  let answer: Answer | undefined;
  let request: http.ClientRequest | undefined;
  const id = message.id as string | number;
  const take = (text: string, status: number): void => {
    const parsed = JSON.parse(text) as Message;
    if (parsed.method === undefined) {
      if (answer !== undefined) throw new Error(`a second answer to ${id}: ${text}`);
      answer = { status, message: parsed, text };
    } else if (parsed.id === undefined) options.notice?.(parsed, id);
    else void reply(parsed);
  };
  const reply = async (ask: Message): Promise<void> => {
    await post(channel.agent, url, channel.headersFor(undefined, {}), await answerAsk(options, ask, id), () => {});
  };
  const headers = channel.headersFor(message.method, message.params ?? {});
  const posted = post(
    channel.agent,
    url,
    headers,
    body,
    (text) => take(text, 200),
    (begun) => {
      request = begun;
    },
  );
  return {
    answer: posted.then(({ status, body }) => {
      if (body !== '') take(body, status);
      if (answer === undefined) throw new Error(`no answer to ${id} (HTTP ${status})`);
      return answer;
    }),
    cancel: () => request?.destroy(),
  };
}

function bodyOf(id: string | number, method: string, params: object, text: string | undefined): string {
  return requestText(id, method, text ?? JSON.stringify(params));
}

/** A client of 2026-07-28 over HTTP: no session, an envelope with every request. */
export function connectModernHttp(url: string, options: WireOptions = {}): WireClient {
  let lastId = 0;
  const agent = createAgent();
  const channel: Channel = {
    agent,
    prepare: (params) => withEnvelope(params, options),
    headersFor(method, params) {
      const name = params['name'] ?? params['uri'] ?? params['taskId'];
      const named =
        method === 'tools/call' ||
        method === 'prompts/get' ||
        method === 'resources/read' ||
        method?.startsWith('tasks/');
      return {
        'mcp-protocol-version': MODERN,
        'mcp-method': String(method),
        ...(named ? { 'mcp-name': String(name) } : {}),
      };
    },
  };
  const send: WireClient['send'] = (method, params = {}, id = ++lastId, text) =>
    exchange(url, channel, options, { id, method, params }, bodyOf(id, method, channel.prepare(params), text));
  return {
    era: 'modern',
    hello: undefined,
    send,
    request: (method, params, id) => send(method, params, id).answer,
    async notify(method, params = {}) {
      const body = JSON.stringify({ jsonrpc: '2.0', method, params: channel.prepare(params) });
      await post(agent, url, channel.headersFor(method, params), body, () => {});
    },
    close: async () => agent.destroy(),
  };
}

/** A client of the `initialize` eras over HTTP, with a session and, if asked for, the server's own stream. */
export async function connectLegacyHttp(
  url: string,
  options: WireOptions & { readonly stream?: boolean } = {},
): Promise<WireClient & { readonly sessionId: string }> {
  let lastId = 0;
  const version = options.version ?? '2025-11-25';
  const agent = createAgent();
  const opening = { jsonrpc: '2.0', id: 'hello', method: 'initialize', params: initializeParams(options) };
  let helloText = '';
  const posted = await post(agent, url, {}, JSON.stringify(opening), (text) => {
    helloText = text;
  });
  const hello = JSON.parse(posted.body === '' ? helloText : posted.body) as Message;
  const sessionId = posted.headers['mcp-session-id'];
  if (typeof sessionId !== 'string') throw new Error(`no session: HTTP ${posted.status} ${posted.body}`);
  const headers = { 'mcp-session-id': sessionId, 'mcp-protocol-version': version };
  const channel: Channel = { agent, prepare: (params) => params, headersFor: () => headers };
  const notify = async (method: string, params: Record<string, unknown> = {}): Promise<void> => {
    await post(agent, url, headers, JSON.stringify({ jsonrpc: '2.0', method, params }), () => {});
  };
  const send: WireClient['send'] = (method, params = {}, id = ++lastId, text) => {
    const sent = exchange(url, channel, options, { id, method, params }, bodyOf(id, method, params, text));
    return { answer: sent.answer, cancel: () => void notify('notifications/cancelled', { requestId: id }) };
  };
  await notify('notifications/initialized');
  const closeStream = options.stream === true ? await openStream(channel, url, options) : undefined;
  return {
    era: 'legacy',
    hello,
    sessionId,
    send,
    request: (method, params, id) => send(method, params, id).answer,
    notify,
    async close() {
      closeStream?.();
      await new Promise<void>((resolve) => {
        const request = http.request(url, { method: 'DELETE', agent, headers }, (response) => {
          response.resume().on('end', () => resolve());
        });
        request.on('error', () => resolve()).end();
      });
      agent.destroy();
    },
  };
}

function openStream(channel: Channel, url: string, options: WireOptions): Promise<() => void> {
  const headers = channel.headersFor(undefined, {});
  return new Promise((resolve, reject) => {
    const request = http.request(url, { headers: { ...headers, accept: 'text/event-stream' } }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`GET answered ${response.statusCode}`));
      const read = createEventReader(({ data }) => {
        const message = JSON.parse(data) as Message;
        if (message.id === undefined) options.notice?.(message, undefined);
        else
          void answerAsk(options, message, undefined).then((text) => post(channel.agent, url, headers, text, () => {}));
      });
      response
        .setEncoding('utf8')
        .on('data', read)
        .on('error', () => {});
      resolve(() => request.destroy());
    });
    request.on('error', reject).end();
  });
}
