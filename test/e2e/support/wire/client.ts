/** A JSON-RPC message, of any kind. */
export interface Message {
  readonly jsonrpc?: '2.0';
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Record<string, unknown> };
}

/** The answer to one request. */
export interface Answer {
  /** HTTP status; 200 on transports without one. */
  readonly status: number;
  readonly message: Message;
  /** The answer's text as it came. */
  readonly text: string;
}

/** What a client does about messages that are no answers. `request` is the id of the request they came with, if known. */
export interface Handlers {
  notice?(message: Message, request: string | number | undefined): void;
  /** Answers an ask with a result; a thrown error becomes an error. */
  ask?(
    message: Message,
    request: string | number | undefined,
  ): Promise<Record<string, unknown>> | Record<string, unknown>;
}

/** One request on its way. */
export interface Sent {
  readonly answer: Promise<Answer>;
  /** Ends it from the client's side in the way of its transport and era. */
  cancel(): void;
}

/** A client that sees the wire: no schema, no retries, nothing it was not told to do. */
export interface WireClient {
  readonly era: 'legacy' | 'modern';
  /** What `initialize` or `server/discover` said; undefined for a modern client, which need not ask. */
  readonly hello: Message | undefined;
  /** Sends a request; the id is minted unless given. `text` takes the place of the params' JSON. */
  send(method: string, params?: Record<string, unknown>, id?: string | number, text?: string): Sent;
  /** Sends a request and waits for its answer. */
  request(method: string, params?: Record<string, unknown>, id?: string | number): Promise<Answer>;
  notify(method: string, params?: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}

/** How a client introduces itself. */
export interface WireOptions extends Handlers {
  /** @default elicitation of both modes, sampling and roots; tasks for modern clients */
  readonly capabilities?: Record<string, unknown>;
  /** Modern clients: the log level of every request. */
  readonly logLevel?: string;
  /** Legacy clients: the version asked for. @default 2025-11-25 */
  readonly version?: string;
}

/** The modern revision. */
export const MODERN = '2026-07-28';

/** A request as JSON text, its params as they are given. */
export function requestText(id: string | number, method: string, params: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"${method}","params":${params}}`;
}

/** Key of the tasks extension. */
export const TASKS = 'io.modelcontextprotocol/tasks';

/** Everything a client can be asked. */
export const ALL_CAPABILITIES: Record<string, unknown> = {
  elicitation: { form: {}, url: {} },
  sampling: {},
  roots: {},
};

const CLIENT_INFO = { name: 'wire', version: '1.0.0' };

/** Params with the envelope of a modern request; keys of the caller's `_meta` win. */
export function withEnvelope(params: Record<string, unknown>, options: WireOptions): Record<string, unknown> {
  const capabilities = options.capabilities ?? { ...ALL_CAPABILITIES, extensions: { [TASKS]: {} } };
  const envelope: Record<string, unknown> = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    ...(options.logLevel === undefined ? {} : { 'io.modelcontextprotocol/logLevel': options.logLevel }),
  };
  return { ...params, _meta: { ...envelope, ...(params['_meta'] as object | undefined) } };
}

/** The params of `initialize`. */
export function initializeParams(options: WireOptions): Record<string, unknown> {
  return {
    protocolVersion: options.version ?? '2025-11-25',
    capabilities: options.capabilities ?? ALL_CAPABILITIES,
    clientInfo: CLIENT_INFO,
  };
}

/** Answers an ask by the client's handler, as a JSON-RPC message. */
export async function answerAsk(
  options: Handlers,
  ask: Message,
  request: string | number | undefined,
): Promise<string> {
  const head = { jsonrpc: '2.0', id: ask.id };
  try {
    if (options.ask === undefined) throw new Error('nobody asks this client');
    return JSON.stringify({ ...head, result: await options.ask(ask, request) });
  } catch (error) {
    return JSON.stringify({ ...head, error: { code: -1, message: (error as Error).message } });
  }
}

/** The text of the first content block of a tool's result. */
export function textOf({ message, text }: Answer): string {
  const content = message.result?.['content'] as { text?: string }[] | undefined;
  if (content?.[0]?.text === undefined) throw new Error(`no text in ${text.slice(0, 500)}`);
  return content[0].text;
}
