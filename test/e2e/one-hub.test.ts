import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { call } from './support/calls.ts';
import { writeConfig } from './support/hub.ts';
import { assertBuilt, hatagoBin } from './support/paths.ts';
import { killGroup, start } from './support/processes.ts';
import { createScope, type Scope } from './support/scope.ts';
import { type JournalServer, journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { type Answer, type Message, textOf } from './support/wire/client.ts';
import { connectStdio, type DuplexOptions, type StdioClient } from './support/wire/duplex.ts';

assertBuilt();

const ERAS = ['legacy', 'modern'] as const;
const CONNECTION_LOST = -31002;

let scope: Scope = createScope();
afterEach(async () => {
  await scope.close();
  scope = createScope();
});

/** One configuration with a server of each era, and clients of it. */
interface Inn {
  readonly servers: Readonly<Record<(typeof ERAS)[number], JournalServer>>;
  readonly home: string;
  /** Starts `hatago serve --stdio`; the scope ends it. */
  client(options?: DuplexOptions & { readonly args?: readonly string[] }): Promise<StdioClient>;
  /** The process that is the hub now; undefined while there is none. */
  hub(): number | undefined;
  /** Processes of servers that run now. */
  children(): number[];
}

async function openInn(): Promise<Inn> {
  const legacy = await journal(scope, { era: 'legacy', transport: 'stdio' });
  const modern = await journal(scope, { era: 'modern', transport: 'stdio' });
  const mcpServers = { legacy: { ...legacy.entry, tags: ['old'] }, modern: modern.entry };
  const { file, home, env } = writeConfig(scope, { mcpServers });
  const started = (): number[] => [...legacy.pids(), ...modern.pids()];
  scope.defer(() => {
    for (const pid of started()) killGroup(pid, 'SIGKILL');
  });
  return {
    servers: { legacy, modern },
    home,
    async client({ args = [], ...options } = {}) {
      const client = await connectStdio(process.execPath, [hatagoBin, 'serve', '--stdio', '--config', file, ...args], {
        ...options,
        env,
      });
      scope.defer(() => client.close());
      return client;
    },
    hub: () => locksIn(home).find(isAlive),
    children: () => started().filter(isAlive),
  };
}

const filesIn = (home: string): string[] => (existsSync(join(home, 'run')) ? readdirSync(join(home, 'run')) : []);
const locksIn = (home: string): number[] =>
  filesIn(home).flatMap((name) => (name.endsWith('.lock') ? [Number(name.split('.')[1])] : []));

function isAlive(pid: number): boolean {
  try {
    // One that has ended and was not waited for yet does not count.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const echo = (client: StdioClient, nonce: string, args: object = {}, server = 'legacy'): Promise<Answer> =>
  call(client, `${server}_echo`, { nonce, ...args });

/** Begins a call that stays at the server, and waits until it is there. */
async function callThatStays(inn: Inn, client: StdioClient, nonce: string): Promise<Promise<Answer>> {
  const answer = call(client, 'legacy_hang', { nonce });
  await until(`${nonce} is at the server`, () => inn.servers.legacy.read().some((entry) => entry.nonce === nonce));
  return Promise.resolve({ answer }).then((held) => held.answer);
}

const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

describe('ten clients of one configuration', () => {
  it('share one hub and one process of each server, and each gets its own answers', async () => {
    const inn = await openInn();
    const heard = new Map<number, Message[]>();
    const clients = await Promise.all(
      Array.from({ length: 10 }, (_, i) => {
        const notice = (message: Message): void => void heard.set(i, [...(heard.get(i) ?? []), message]);
        return inn.client({ era: ERAS[i % 2] as 'legacy' | 'modern', notice });
      }),
    );
    await Promise.all(
      clients.map(async (client, i) => {
        const { message } = await client.request('tools/list');
        expect(message.result?.['tools']).toContainEqual(expect.objectContaining({ name: 'modern_echo' }));
        const calls = ERAS.flatMap((server) =>
          Array.from({ length: 5 }, async (_, n) => {
            const nonce = `${i}-${server}-${n}`;
            const params = {
              name: `${server}_echo`,
              arguments: { nonce, progress: 3 },
              _meta: { progressToken: nonce },
            };
            expect(textOf(await client.request('tools/call', params))).toBe(nonce);
          }),
        );
        const large = ERAS.map(async (server) => {
          const nonce = `${i}-${server}-${'large '.repeat(40_000 + i)}`;
          expect(textOf(await echo(client, nonce, {}, server)) === nonce).toBe(true);
        });
        await Promise.all([...calls, ...large]);
        const progress = (heard.get(i) ?? []).filter(({ method }) => method === 'notifications/progress');
        expect(progress).toHaveLength(30);
        expect(progress.every(({ params }) => String(params?.['progressToken']).startsWith(`${i}-`))).toBe(true);
      }),
    );
    expect(locksIn(inn.home)).toHaveLength(1);
    expect(clients.map(({ pid }) => pid)).toContain(inn.hub());
    expect(inn.servers.legacy.pids()).toHaveLength(1);
    expect(inn.servers.modern.pids()).toHaveLength(1);
  });

  it('cost less than 15 MB above bare Node each', async () => {
    const inn = await openInn();
    const first = await inn.client();
    const bridge = await inn.client();
    for (let i = 0; i < 200; i++) await echo(bridge, `n${i}`);
    const bare = start(process.execPath, ['-e', 'process.stdin.resume(); process.stdout.write("up")']);
    scope.defer(() => killGroup(bare.pid, 'SIGKILL'));
    await new Promise((resolve) => bare.stdout?.once('data', resolve));
    const above = residentMb(bridge.pid) - residentMb(bare.pid as number);
    console.log(`a bridge: ${above.toFixed(1)} MB above bare Node; the hub: ${residentMb(first.pid).toFixed(1)} MB`);
    expect(inn.hub()).toBe(first.pid);
    expect(above).toBeLessThan(15);
  });

  it('are one hub too when two begin at the same instant, twenty times', async () => {
    for (let round = 0; round < 20; round++) {
      const inn = await openInn();
      const two = await Promise.all([inn.client(), inn.client({ era: 'modern' })]);
      const pids = await Promise.all(two.map(async (client) => textOf(await call(client, 'legacy_pid'))));
      expect(new Set(pids).size, `round ${round}`).toBe(1);
      expect(inn.servers.legacy.pids(), `round ${round}`).toHaveLength(1);
      await Promise.all(two.map((client) => client.end()));
      await until('no server is left', () => inn.children().length === 0);
    }
  }, 120_000);

  it('do not share it where they mean different servers', async () => {
    const inn = await openInn();
    const all = await inn.client();
    const some = await inn.client({ args: ['--tags', 'old'] });
    expect(textOf(await echo(all, 'a'))).toBe('a');
    expect(textOf(await echo(some, 'b'))).toBe('b');
    expect((await echo(some, 'c', {}, 'modern')).message.error?.code).toBe(-32602);
    expect(inn.servers.legacy.pids()).toHaveLength(2);
    expect(locksIn(inn.home)).toHaveLength(2);
  });
});

describe('when the hub is killed', () => {
  it.each(ERAS)('a bridge takes over, and a %s client loses nothing but what was in flight', async (era) => {
    const inn = await openInn();
    const first = await inn.client();
    const others = await Promise.all([inn.client({ era }), inn.client({ era }), inn.client({ era })]);
    expect(inn.hub()).toBe(first.pid);
    const held = others.map((client, i) => callThatStays(inn, client, `held-${i}`));
    const inFlight = held.map((answer) => answer.then((value) => value));
    await until(
      'all are at the server',
      () => inn.servers.legacy.read().filter(({ nonce }) => nonce?.startsWith('held')).length === 3,
    );
    const before = inn.children();
    process.kill(first.pid, 'SIGKILL');
    for (const answer of inFlight) {
      expect((await answer).message.error).toMatchObject({ code: CONNECTION_LOST, data: { kind: 'upstream_lost' } });
    }
    const after = await Promise.all(
      others.flatMap((client, i) => ERAS.map((s) => echo(client, `after-${i}-${s}`, {}, s))),
    );
    expect(after.map(textOf)).toEqual(others.flatMap((_, i) => ERAS.map((s) => `after-${i}-${s}`)));
    expect(others.map(({ pid }) => pid)).toContain(inn.hub());
    await until('the servers of the killed hub are gone', () => before.every((pid) => !isAlive(pid)));
    expect(inn.children()).toHaveLength(2);
    await Promise.all(others.map((client) => client.end()));
    await until('no server is left', () => inn.children().length === 0);
    expect(filesIn(inn.home).filter((name) => /\.(lock|sock|tmp)$/.test(name))).toEqual([]);
  });

  it('again and again, every request is answered once', async () => {
    const inn = await openInn();
    const clients = await Promise.all(
      Array.from({ length: 5 }, (_, i) => inn.client({ era: ERAS[i % 2] as 'legacy' })),
    );
    const left = new Set(clients);
    const outcomes = { answered: 0, lost: 0 };
    let isOver = false;
    const work = clients.map(async (client, i) => {
      for (let n = 0; !isOver && left.has(client); n++) {
        const nonce = `${i}-${n}`;
        const answer = await echo(client, nonce, { delayMs: 2 }).catch(() => undefined);
        if (answer === undefined) return;
        if (answer.message.error === undefined) expect(textOf(answer)).toBe(nonce);
        else expect(answer.message.error.code).toBe(CONNECTION_LOST);
        outcomes[answer.message.error === undefined ? 'answered' : 'lost']++;
      }
    });
    for (let round = 0; round < 4; round++) {
      const answered = outcomes.answered;
      await until('calls are answered', () => outcomes.answered > answered + 20);
      const hub = await until('there is a hub', () => inn.hub());
      const killed = clients.find(({ pid }) => pid === hub) as StdioClient;
      left.delete(killed);
      process.kill(hub, 'SIGKILL');
      await until('another takes its place', () => inn.hub() !== hub && inn.hub());
    }
    isOver = true;
    await Promise.all(work);
    expect(outcomes.lost).toBeLessThanOrEqual(4 * clients.length);
    const [last] = left;
    await last?.end();
    await until('no server is left', () => inn.children().length === 0);
  });

  it('a question that was open is taken back, and a later one is not mistaken for it', async () => {
    const inn = await openInn();
    const first = await inn.client();
    const asked: Message[] = [];
    const told: Message[] = [];
    let answerFirst: (word: string) => void = () => {};
    const client = await inn.client({
      notice: (message) => void told.push(message),
      async ask(message) {
        asked.push(message);
        const word =
          asked.length === 1 ? await new Promise<string>((resolve) => (answerFirst = resolve)) : `word ${asked.length}`;
        return { action: 'accept', content: { word } };
      },
    });
    const lost = call(client, 'legacy_ask', { nonce: 'one' });
    await until('the client is asked', () => asked.length === 1);
    process.kill(first.pid, 'SIGKILL');
    expect((await lost).message.error?.code).toBe(CONNECTION_LOST);
    await until('the question is taken back', () =>
      told.some(({ method, params }) => method === 'notifications/cancelled' && params?.['requestId'] === asked[0]?.id),
    );
    const again = call(client, 'legacy_ask', { nonce: 'two' });
    await until('the client is asked again', () => asked.length === 2);
    expect(asked[1]?.id).not.toBe(asked[0]?.id);
    answerFirst('late');
    expect(textOf(await again)).toBe('two:word 2');
  });

  it('what it left behind is in nobody’s way', async () => {
    const inn = await openInn();
    const first = await inn.client();
    expect(textOf(await echo(first, 'a'))).toBe('a');
    const leftovers = await until('it takes clients', () => {
      const its = filesIn(inn.home).filter((name) => name.includes(`.${first.pid}.`));
      return its.length === 2 ? its : undefined;
    });
    process.kill(first.pid, 'SIGKILL');
    await until('it is gone', () => !isAlive(first.pid));
    expect(filesIn(inn.home)).toEqual(expect.arrayContaining(leftovers));
    const second = await inn.client();
    expect(textOf(await echo(second, 'b'))).toBe('b');
    expect(inn.hub()).toBe(second.pid);
    for (const name of leftovers) expect(filesIn(inn.home)).not.toContain(name);
  });
});

describe('when the client of the hub goes', () => {
  it('the hub goes on for the others, and ends with the last one', async () => {
    const inn = await openInn();
    const first = await inn.client();
    const others = await Promise.all([inn.client(), inn.client({ era: 'modern' })]);
    const slow = others.map((client, i) => echo(client, `slow-${i}`, { delayMs: 500 }));
    await until('both are at the server', () => inn.servers.legacy.read().length >= 2);
    const ended = first.end();
    expect((await Promise.all(slow)).map(textOf)).toEqual(['slow-0', 'slow-1']);
    expect(isAlive(first.pid)).toBe(true);
    expect(textOf(await echo(others[0] as StdioClient, 'still'))).toBe('still');
    expect(inn.servers.legacy.pids()).toHaveLength(1);
    expect(await Promise.all(others.map((client) => client.end()))).toEqual([0, 0]);
    expect(await ended).toBe(0);
    await until('no server is left', () => inn.children().length === 0);
  });

  it.each(ERAS)('and it is told to end, a %s client gets what was in flight and does not notice', async (era) => {
    const inn = await openInn();
    const first = await inn.client();
    const changes: Message[] = [];
    const other = await inn.client({ era, notice: (message) => void changes.push(message) });
    const listen =
      era === 'modern' ? other.send('subscriptions/listen', { notifications: { toolsListChanged: true } }) : undefined;
    // It is open until the client goes.
    listen?.answer.catch(() => {});
    if (era === 'modern') await until('it listens', () => changes.length === 1);
    const slow = echo(other, 'slow', { delayMs: 400 });
    await until('it is at the server', () => inn.servers.legacy.read().some(({ nonce }) => nonce === 'slow'));
    process.kill(first.pid, 'SIGTERM');
    let calls = 0;
    while (isAlive(first.pid) || inn.hub() !== other.pid) {
      const nonce = `during-${calls++}`;
      expect(textOf(await echo(other, nonce))).toBe(nonce);
    }
    expect(textOf(await slow)).toBe('slow');
    expect(textOf(await echo(other, 'after'))).toBe('after');
    await until('each server runs once', () => inn.children().length === 2);
    await call(other, 'legacy_grow', { nonce: 'g', name: 'grown' });
    await until('it is told of changes', () => changes.some(({ method }) => method?.endsWith('tools/list_changed')));
    const acknowledged = changes.filter(({ method }) => method?.endsWith('acknowledged'));
    expect(acknowledged).toHaveLength(era === 'modern' ? 1 : 0);
  });
});

describe('when the hub hangs', () => {
  it('a new client is served all the same, by a hub of its own', async () => {
    const inn = await openInn();
    const first = await inn.client();
    await until('it takes clients', () => filesIn(inn.home).some((name) => name.endsWith('.sock')));
    process.kill(first.pid, 'SIGSTOP');
    scope.defer(() => {
      process.kill(first.pid, 'SIGCONT');
    });
    const second = await inn.client();
    expect(textOf(await echo(second, 'a'))).toBe('a');
    expect(second.stderr()).toContain('hub.unshared');
    expect(inn.hub()).toBe(first.pid);
    expect(await second.end()).toBe(0);
  });
});
