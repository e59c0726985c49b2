import { peek } from './peek.ts';

/** What a bridge remembers of the talk between its client and a hub, so that another hub can go on with it. */
export interface Conversation {
  /** Notes a line of the client's that is about to be sent. */
  fromClient(line: Buffer): void;
  /** Notes a line of the hub's; false when it is not for the client. */
  fromHub(line: Buffer): boolean;
  /** The hub goes in an orderly way. Returns what takes back from it what would go on for ever; the next hub gets it. */
  leaving(): Buffer[];
  /** The hub is gone. Returns what the client has to be told: an answer to all that cannot, or will not, be sent again. */
  lost(isFinal: boolean): Buffer[];
  /** What a new hub has to be told before anything else; the client learns nothing of it. */
  replay(): Buffer[];
}

interface InFlight {
  /** Ids as they stand in the line; several in a batch. */
  readonly ids: readonly string[];
  readonly isBatch: boolean;
  readonly method: string | undefined;
  /** Kept where sending it twice does no harm. */
  readonly line: Buffer | undefined;
}

const LISTEN = 'subscriptions/listen';
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

/** Requests that change nothing. */
const SAFE = new Set([
  'initialize',
  'ping',
  'server/discover',
  'tools/list',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'completion/complete',
  'logging/setLevel',
  LISTEN,
]);

/** Makes an empty one. */
export function createConversation(): Conversation {
  return new Talk();
}

class Talk implements Conversation {
  // What is kept is copied: a line is a part of memory that is used again.
  #initialize: { readonly line: Buffer; readonly id: string; answered: boolean } | undefined;
  #initialized: Buffer | undefined;
  #level: Buffer | undefined;
  readonly #subscribed = new Map<string, Buffer>();
  readonly #inFlight = new Map<string, InFlight>();
  /** Questions of the hub's that the client has not answered, by their ids as they stand in the line. */
  readonly #asks = new Set<string>();
  /** Ids of our own requests, whose answers are not for the client. */
  readonly #own = new Set<string>();
  /** Listens that were sent again, whose second acknowledgement is not for the client. */
  readonly #acknowledged = new Set<string>();
  #lastOwn = 0;

  fromClient(line: Buffer): void {
    const peeked = peek(line);
    if (peeked === undefined) return this.#batch(line);
    const { id, method } = peeked;
    if (method === undefined) {
      if (id !== undefined) this.#asks.delete(id);
    } else if (id === undefined) this.#notification(method, line);
    else {
      this.#inFlight.set(id, {
        ids: [id],
        isBatch: false,
        method,
        line: SAFE.has(method) ? Buffer.from(line) : undefined,
      });
      this.#remember(method, id, line);
    }
  }

  fromHub(line: Buffer): boolean {
    const peeked = peek(line);
    if (peeked === undefined) {
      for (const { id } of elements(line)) if (id !== undefined) this.#inFlight.delete(JSON.stringify(id));
      return true;
    }
    const { id, method } = peeked;
    if (method !== undefined) {
      if (id !== undefined) this.#asks.add(id);
      else if (method === 'notifications/cancelled') this.#asks.delete(cancelledId(line));
      else if (method === ACKNOWLEDGED && this.#acknowledged.size > 0) return !this.#acknowledgedBefore(line);
      return true;
    }
    if (id === undefined) return true;
    if (this.#own.delete(id)) return false;
    this.#inFlight.delete(id);
    if (this.#initialize?.id === id) this.#initialize.answered = true;
    return true;
  }

  leaving(): Buffer[] {
    const listens = [...this.#inFlight.values()].filter(({ method }) => method === LISTEN);
    return listens.map(({ ids }) => cancel(ids[0] as string, 'the hub goes'));
  }

  lost(isFinal: boolean): Buffer[] {
    this.#own.clear();
    this.#acknowledged.clear();
    const told: Buffer[] = [];
    for (const request of new Set(this.#inFlight.values())) {
      if (request.line !== undefined && !isFinal) continue;
      const errors = request.ids.map(lostError);
      told.push(Buffer.from(request.isBatch ? `[${errors.join(',')}]\n` : `${errors[0]}\n`));
      for (const id of request.ids) this.#inFlight.delete(id);
    }
    for (const id of this.#asks) told.push(cancel(id, 'the hub that asked is gone'));
    this.#asks.clear();
    return told;
  }

  replay(): Buffer[] {
    const lines: Buffer[] = [];
    if (this.#initialize?.answered === true) {
      lines.push(this.#asOwn(this.#initialize.line));
      if (this.#initialized !== undefined) lines.push(this.#initialized);
      if (this.#level !== undefined) lines.push(this.#asOwn(this.#level));
      for (const line of this.#subscribed.values()) lines.push(this.#asOwn(line));
    }
    for (const { ids, method, line } of this.#inFlight.values()) {
      if (line === undefined) continue;
      if (method === LISTEN) this.#acknowledged.add(ids[0] as string);
      lines.push(line);
    }
    return lines;
  }

  #notification(method: string, line: Buffer): void {
    if (method === 'notifications/initialized') this.#initialized = Buffer.from(line);
    else if (method === 'notifications/cancelled') this.#inFlight.delete(cancelledId(line));
  }

  #remember(method: string, id: string, line: Buffer): void {
    if (method === 'initialize') this.#initialize ??= { line: Buffer.from(line), id, answered: false };
    else if (method === 'logging/setLevel') this.#level = Buffer.from(line);
    else if (method === 'resources/subscribe' || method === 'resources/unsubscribe') {
      const uri = paramsOf(line)?.['uri'];
      if (typeof uri !== 'string') return;
      this.#subscribed.delete(uri);
      if (method === 'resources/subscribe') this.#subscribed.set(uri, Buffer.from(line));
    }
  }

  /** A batch is answered with one line, so its requests are lost or answered together. */
  #batch(line: Buffer): void {
    const ids: string[] = [];
    for (const { id, method } of elements(line)) {
      if (id === undefined) continue;
      if (method === undefined) this.#asks.delete(JSON.stringify(id));
      else ids.push(JSON.stringify(id));
    }
    const request: InFlight = { ids, isBatch: true, method: undefined, line: undefined };
    for (const id of ids) this.#inFlight.set(id, request);
  }

  #acknowledgedBefore(line: Buffer): boolean {
    const meta = paramsOf(line)?.['_meta'] as Record<string, unknown> | undefined;
    return this.#acknowledged.delete(JSON.stringify(meta?.['io.modelcontextprotocol/subscriptionId']));
  }

  /** The same request under an id of ours. */
  #asOwn(line: Buffer): Buffer {
    const id = `hatago-${process.pid}-${++this.#lastOwn}`;
    this.#own.add(JSON.stringify(id));
    return Buffer.from(`${JSON.stringify({ ...(JSON.parse(line.toString('utf8')) as object), id })}\n`);
  }
}

const LOST = {
  code: -31002,
  message: 'The hub went away after the request was sent; whether it took effect is unknown.',
  data: { code: 'HATAGO_UPSTREAM_LOST', kind: 'upstream_lost' },
};

const lostError = (id: string): string => `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(LOST)}}`;

const cancel = (id: string, reason: string): Buffer =>
  Buffer.from(
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id},"reason":"${reason}"}}\n`,
  );

const cancelledId = (line: Buffer): string => JSON.stringify(paramsOf(line)?.['requestId']) ?? '';

function paramsOf(line: Buffer): Record<string, unknown> | undefined {
  try {
    return (JSON.parse(line.toString('utf8')) as { params?: Record<string, unknown> }).params;
  } catch {
    return undefined;
  }
}

function elements(line: Buffer): { id?: unknown; method?: unknown }[] {
  try {
    const value = JSON.parse(line.toString('utf8')) as unknown;
    return Array.isArray(value) ? value.filter((element) => typeof element === 'object' && element !== null) : [];
  } catch {
    return [];
  }
}
