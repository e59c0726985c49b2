import { type Message, textOf, type WireClient, type WireOptions } from './wire/client.ts';

/** What a crowd of clients does. */
export interface LoadPlan {
  /** Opens one client with these handlers. */
  connect(options: WireOptions): Promise<WireClient>;
  readonly clients: number;
  /** Requests of each client; ids begin at 0 again after 99. */
  readonly perClient: number;
  /** Requests each client has in flight; at most 100. */
  readonly window: number;
  /** Public name of the echo tool. */
  readonly tool: string;
  /** Begins every nonce, so that journals can be told apart. */
  readonly prefix: string;
  /** The token of every request: 1, or the request's own id. @default 1 */
  readonly tokenIsId?: boolean;
}

/** What came of it. */
export interface LoadResult {
  answers: number;
  /** Answers, progress and log messages that were not for the client, or the request, they came to. */
  foreign: string[];
  errors: string[];
  progress: number;
  logs: number;
}

interface Flight {
  readonly id: number;
  readonly token: number;
  progress: number;
  logs: number;
}

/** Lets the crowd loose and waits for every answer. */
export async function drive(plan: LoadPlan): Promise<LoadResult> {
  const result: LoadResult = { answers: 0, foreign: [], errors: [], progress: 0, logs: 0 };
  const crowd = await inBatches(plan.clients, 40, (index) => openOne(plan, index, result));
  await Promise.all(crowd.map((one) => one.run()));
  await Promise.all(crowd.map((one) => one.client.close()));
  return result;
}

async function openOne(
  plan: LoadPlan,
  index: number,
  result: LoadResult,
): Promise<{ client: WireClient; run(): Promise<void> }> {
  const flying = new Map<string, Flight>();
  const random = createRandom(index + 1);
  const notice = (message: Message, request: string | number | undefined): void => {
    const params = message.params ?? {};
    const isProgress = message.method === 'notifications/progress';
    if (!isProgress && message.method !== 'notifications/message') return;
    const nonce = isProgress ? params['message'] : (params['data'] as { nonce?: string } | undefined)?.nonce;
    const flight = flying.get(String(nonce));
    const isOurs = flight !== undefined && (request === undefined || request === flight.id);
    if (!isOurs || (isProgress && params['progressToken'] !== flight.token)) {
      result.foreign.push(`client ${index}, request ${request}: ${JSON.stringify(message).slice(0, 300)}`);
    } else if (isProgress) flight.progress++;
    else flight.logs++;
  };
  const client = await plan.connect({ notice, logLevel: 'info' });
  let next = 0;
  const free = Array.from({ length: Math.min(100, plan.perClient) }, (_, id) => id);
  const one = async (): Promise<void> => {
    while (next < plan.perClient) {
      const nonce = `${plan.prefix}/${index}/${next++}`;
      const id = free.shift() as number;
      const flight: Flight = { id, token: plan.tokenIsId === true ? id : 1, progress: 0, logs: 0 };
      flying.set(nonce, flight);
      const args = { nonce, delayMs: Math.floor(random() * 20), progress: 1, logs: 1 };
      const params = { name: plan.tool, arguments: args, _meta: { progressToken: flight.token } };
      try {
        const answer = await client.request('tools/call', params, id);
        if (answer.message.error !== undefined) result.errors.push(answer.text.slice(0, 300));
        else if (textOf(answer) !== nonce || answer.message.id !== id) result.foreign.push(`${nonce}: ${answer.text}`);
        else result.answers++;
      } catch (error) {
        result.errors.push(String(error));
      }
      flying.delete(nonce);
      free.push(id);
      result.progress += flight.progress;
      result.logs += flight.logs;
    }
  };
  return { client, run: async () => void (await Promise.all(Array.from({ length: plan.window }, one))) };
}

/** Does something so many times, only a few at a time. */
export async function inBatches<T>(count: number, size: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let from = 0; from < count; from += size) {
    const indexes = Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i);
    made.push(...(await Promise.all(indexes.map(make))));
  }
  return made;
}

/** Numbers from 0 to 1 that look random and are the same every time. */
function createRandom(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
