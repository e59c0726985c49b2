import { PassThrough } from 'node:stream';
import { WebSocket } from 'ws';
import { createLegacySse } from './legacy-sse.ts';
import { serveStdio } from './stdio.ts';
import { createKit, type Incoming, type Kit, type KitOptions, post, send, serveKit } from './test-kit.ts';
import { createWsEdge, type WsEdge } from './ws.ts';

/** A message as it is on the wire. */
export type Message = {
  [member: string]: unknown;
  id?: unknown;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: unknown;
};

/** Any client of the hub over any transport: what it sends goes out, what comes in lands in one inbox. */
export interface Peer {
  readonly kit: Kit;
  send(message: unknown): void;
  /** Takes the first message in the inbox that fits; waits for it. */
  next(fits: (message: Message) => boolean): Promise<Message>;
  /** Sends a request and takes its response. */
  request(id: unknown, method: string, params?: unknown): Promise<Message>;
  notify(method: string, params?: unknown): void;
  /** Everything not taken yet. */
  readonly inbox: readonly Message[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** The transports a client may come by. */
export const TRANSPORTS = ['http', 'stdio', 'ws', 'sse'] as const;
export type Transport = (typeof TRANSPORTS)[number];

interface Wire {
  readonly kit: Kit;
  send(text: string): void;
  close(): Promise<void>;
}

/** Connects a client that has said nothing yet. */
export async function connectPeer(transport: Transport, options: KitOptions = {}): Promise<Peer> {
  const inbox: Message[] = [];
  const waiting: (() => void)[] = [];
  const receive = (message: Message | Message[]): void => {
    inbox.push(...(Array.isArray(message) ? message : [message]));
    for (const wake of waiting.splice(0)) wake();
  };
  const wire = await WIRES[transport](options, receive);
  const peer: Peer = {
    kit: wire.kit,
    inbox,
    send: (message) => wire.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next(fits) {
      for (;;) {
        const at = inbox.findIndex(fits);
        if (at !== -1) return inbox.splice(at, 1)[0] as Message;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    request(id, method, params) {
      peer.send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
      return peer.next((message) => message.id === id && message.method === undefined);
    },
    notify: (method, params) => peer.send({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) }),
    [Symbol.asyncDispose]: () => wire.close(),
  };
  return peer;
}

/** Connects a legacy client and goes through its handshake; over HTTP it opens its stream too. */
export async function connectLegacy(
  transport: Transport,
  options: KitOptions & { version?: string; client?: Record<string, unknown> } = {},
): Promise<Peer> {
  const { version, client, ...rest } = options;
  const peer = await connectPeer(transport, rest);
  await peer.request('init', 'initialize', {
    protocolVersion: version ?? '2025-11-25',
    capabilities: client ?? {},
    clientInfo: { name: 'test', version: '1' },
  });
  peer.notify('notifications/initialized');
  return peer;
}

type Connect = (options: KitOptions, receive: (message: Message | Message[]) => void) => Promise<Wire>;

async function drainInto(answer: Incoming, receive: (message: Message | Message[]) => void): Promise<void> {
  if (answer.headers['content-type'] !== 'text/event-stream') {
    const text = await answer.text();
    if (text !== '') receive(JSON.parse(text) as Message);
    return;
  }
  for (;;) {
    const message = await answer.message();
    if (message === undefined) return;
    receive(message);
  }
}

const WIRES: Record<Transport, Connect> = {
  async http(options, receive) {
    const kit = await serveKit(options);
    let session: Record<string, string> = {};
    return {
      kit,
      send(text) {
        post(`${kit.url}/mcp`, text, session)
          .then(async (answer) => {
            const id = answer.headers['mcp-session-id'];
            if (typeof id === 'string') session = { 'mcp-session-id': id };
            if (text.includes('notifications/initialized')) {
              const stream = await send(`${kit.url}/mcp`, 'GET', { accept: 'text/event-stream', ...session });
              drainInto(stream, receive).catch(() => {});
            }
            await drainInto(answer, receive);
          })
          .catch(() => {});
      },
      close: () => kit[Symbol.asyncDispose](),
    };
  },
  async stdio(options, receive) {
    const kit = createKit(options);
    const input = new PassThrough();
    const output = new PassThrough();
    const edge = serveStdio(kit.deps, { input, output });
    let rest = '';
    output.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) receive(JSON.parse(line) as Message);
    });
    return {
      kit,
      send: (text) => input.write(`${text}\n`),
      async close() {
        input.end();
        await edge.done;
      },
    };
  },
  async ws(options, receive) {
    let ws: WsEdge | undefined;
    const kit = await serveKit({
      ...options,
      upgrade: async ({ deps }, edge) => {
        ws = await createWsEdge(deps, edge);
        return ws.upgrade;
      },
    });
    const socket = new WebSocket(`${kit.url.replace('http', 'ws')}/ws`, 'mcp');
    socket.on('message', (data) => receive(JSON.parse(String(data)) as Message));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return {
      kit,
      send: (text) => socket.send(text),
      async close() {
        socket.terminate();
        ws?.close('done');
        await kit[Symbol.asyncDispose]();
      },
    };
  },
  async sse(options, receive) {
    const kit = await serveKit({
      ...options,
      edge: ({ deps }) => ({ pages: createLegacySse(deps, () => kit.edge.keeper).pages }),
    });
    const stream = await send(`${kit.url}/sse`, 'GET', { accept: 'text/event-stream' });
    const endpoint = new TextDecoder().decode((await stream.event())?.data);
    drainInto(stream, receive).catch(() => {});
    return {
      kit,
      send(text) {
        post(kit.url + endpoint, text).catch(() => {});
      },
      close: () => kit[Symbol.asyncDispose](),
    };
  },
};
