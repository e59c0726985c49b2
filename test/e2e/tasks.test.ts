import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectFront, type Front } from './support/fronts.ts';
import { type RunningHub, startHub } from './support/hub.ts';
import { createScope } from './support/scope.ts';
import { type JournalServer, journal } from './support/servers.ts';
import { until } from './support/until.ts';
import { type Answer, TASKS, type WireClient } from './support/wire/client.ts';

const scope = createScope();
const servers = {} as Record<string, JournalServer>;
let hub: RunningHub;

beforeAll(async () => {
  servers['lh'] = await journal(scope, { era: 'legacy', transport: 'http' });
  servers['mh'] = await journal(scope, { era: 'modern', transport: 'http' });
  servers['ls'] = await journal(scope, { era: 'legacy', transport: 'stdio' });
  servers['ms'] = await journal(scope, { era: 'modern', transport: 'stdio' });
  const mcpServers = Object.fromEntries(Object.entries(servers).map(([id, { entry }]) => [id, entry]));
  hub = await startHub(scope, { http: { webSocket: true }, mcpServers });
});
afterAll(() => scope.close());

const SERVERS = ['lh', 'mh', 'ls', 'ms'];
const cases = (fronts: readonly Front[]) => fronts.flatMap((front) => SERVERS.map((server) => ({ front, server })));

interface Task {
  readonly taskId: string;
  readonly status: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly [member: string]: unknown;
}

const resultOf = ({ message, text }: Answer): Record<string, unknown> => {
  if (message.result === undefined) throw new Error(text);
  return message.result;
};
const firstText = (result: Record<string, unknown>): string =>
  (result['content'] as { text: string }[] | undefined)?.[0]?.text ?? JSON.stringify(result);
const statusOf = (server: string, nonce: string): string[] =>
  (servers[server] as JournalServer).read().flatMap(({ task, status }) => (task === nonce && status ? [status] : []));

describe.each(cases(['http-modern', 'ws-modern']))(
  'a modern client ($front) drives a task of $server',
  ({ front, server }) => {
    const nonceOf = (name: string): string => `${front}/${server}/${name}`;
    let client: WireClient;

    beforeAll(async () => {
      client = await connectFront(front, hub);
    });
    afterAll(() => client.close());

    async function begin(nonce: string, args: object): Promise<Task> {
      const answer = await client.request('tools/call', { name: `${server}_job`, arguments: { nonce, ...args } });
      const task = resultOf(answer) as unknown as Task;
      expect(task, answer.text).toMatchObject({
        resultType: 'task',
        taskId: expect.any(String),
        status: expect.any(String),
      });
      expect(Date.parse(task.createdAt)).toBeGreaterThan(0);
      return task;
    }

    const get = async (taskId: string): Promise<Task> =>
      resultOf(await client.request('tasks/get', { taskId })) as unknown as Task;
    const reaches = (taskId: string, status: string): Promise<Task> =>
      until(`${taskId} is ${status}`, async () => {
        const task = await get(taskId);
        return task.status === status ? task : undefined;
      });

    it('to its result', async () => {
      const { taskId } = await begin(nonceOf('plain'), {});
      const task = await reaches(taskId, 'completed');
      expect(firstText(task['result'] as Record<string, unknown>)).toBe(`${nonceOf('plain')}:done`);
      expect(statusOf(server, nonceOf('plain'))).toEqual(['completed']);
    });

    it('to its result through a question', async () => {
      const { taskId } = await begin(nonceOf('ask'), { ask: true });
      const task = await reaches(taskId, 'input_required');
      const asks = task['inputRequests'] as Record<string, { method: string; params: { message: string } }>;
      const [[key, ask]] = Object.entries(asks) as [[string, { method: string; params: { message: string } }]];
      expect(ask.method).toBe('elicitation/create');
      expect(ask.params.message).toContain(nonceOf('ask'));
      const inputResponses = { [key]: { action: 'accept', content: { word: 'rice' } } };
      resultOf(await client.request('tasks/update', { taskId, inputResponses }));
      const done = await reaches(taskId, 'completed');
      expect(firstText(done['result'] as Record<string, unknown>)).toBe(`${nonceOf('ask')}:rice`);
    });

    it('to its failure', async () => {
      const { taskId } = await begin(nonceOf('fail'), { fail: true });
      const task = await reaches(taskId, 'failed');
      expect(task['error']).toMatchObject({ code: -32099, message: `${nonceOf('fail')} failed` });
    });

    it('to its end by cancelling it', async () => {
      const { taskId } = await begin(nonceOf('cancel'), { hold: true });
      resultOf(await client.request('tasks/cancel', { taskId }));
      await reaches(taskId, 'cancelled');
      await until('the server has cancelled', () => statusOf(server, nonceOf('cancel')).length > 0);
      expect(statusOf(server, nonceOf('cancel'))).toEqual(['cancelled']);
    });

    it('only under ids the hub gave out', async () => {
      const { taskId } = await begin(nonceOf('forge'), { hold: true });
      const swapped = taskId.slice(0, -1) + (taskId.endsWith('A') ? 'B' : 'A');
      for (const forged of ['nobody', '', `${server}:1`, swapped, taskId.slice(0, -2)]) {
        for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
          const { message, text } = await client.request(method, { taskId: forged, inputResponses: {} });
          expect(message.error?.code, `${method} ${forged}: ${text}`).toBe(-32602);
        }
      }
      expect((await get(taskId)).status).toBe('working');
      resultOf(await client.request('tasks/cancel', { taskId }));
    });

    it('only if it declares the extension', async () => {
      const plain = await connectFront(front, hub, { capabilities: {} });
      const answer = await plain.request('tools/call', {
        name: `${server}_job`,
        arguments: { nonce: nonceOf('undeclared') },
      });
      expect(firstText(resultOf(answer))).toMatch(/:(done|at once)$/);
      await plain.close();
    });
  },
);

describe.each(cases(['http-legacy', 'ws-legacy']))(
  'a legacy client ($front) drives a task of $server',
  ({ front, server }) => {
    const nonceOf = (name: string): string => `${front}/${server}/${name}`;
    const asked: { message: string; meta: unknown }[] = [];
    let client: WireClient;

    beforeAll(async () => {
      client = await connectFront(front, hub, {
        ask({ params }) {
          asked.push({ message: String(params?.['message']), meta: params?.['_meta'] });
          return { action: 'accept', content: { word: 'tea' } };
        },
      });
    });
    afterAll(() => client.close());

    async function begin(nonce: string, args: object): Promise<Task> {
      const params = { name: `${server}_job`, arguments: { nonce, ...args }, task: { ttl: 60_000 } };
      const answer = await client.request('tools/call', params);
      const { task } = resultOf(answer) as { task: Task };
      expect(task, answer.text).toMatchObject({ taskId: expect.any(String), status: expect.any(String) });
      expect(Date.parse(task.createdAt)).toBeGreaterThan(0);
      return task;
    }

    const get = async (taskId: string): Promise<Task> =>
      resultOf(await client.request('tasks/get', { taskId })) as unknown as Task;

    it('is offered tasks', () => {
      expect(client.hello?.result?.['capabilities']).toMatchObject({ tasks: { requests: { tools: { call: {} } } } });
    });

    it('to its result', async () => {
      const { taskId } = await begin(nonceOf('plain'), {});
      const result = resultOf(await client.request('tasks/result', { taskId }));
      expect(firstText(result)).toBe(`${nonceOf('plain')}:done`);
      expect(result['_meta']).toMatchObject({ 'io.modelcontextprotocol/related-task': { taskId } });
      expect((await get(taskId)).status).toBe('completed');
      const { tasks } = resultOf(await client.request('tasks/list')) as { tasks: Task[] };
      expect(tasks.map((task) => task.taskId)).toContain(taskId);
    });

    it('to its result through a question', async () => {
      const { taskId } = await begin(nonceOf('ask'), { ask: true });
      await until('it asks', async () => (await get(taskId)).status === 'input_required');
      const result = resultOf(await client.request('tasks/result', { taskId }));
      expect(firstText(result)).toBe(`${nonceOf('ask')}:tea`);
      const ask = asked.find(({ message }) => message.includes(nonceOf('ask')));
      expect(ask?.meta).toMatchObject({ 'io.modelcontextprotocol/related-task': { taskId } });
    });

    it('to its failure', async () => {
      const { taskId } = await begin(nonceOf('fail'), { fail: true });
      const { message, text } = await client.request('tasks/result', { taskId });
      expect(message.error, text).toMatchObject({ message: `${nonceOf('fail')} failed` });
      expect((await get(taskId)).status).toBe('failed');
    });

    it('to its end by cancelling it', async () => {
      const { taskId } = await begin(nonceOf('cancel'), { hold: true });
      expect(resultOf(await client.request('tasks/cancel', { taskId }))).toMatchObject({ taskId, status: 'cancelled' });
      expect((await get(taskId)).status).toBe('cancelled');
      await until('the server has cancelled', () => statusOf(server, nonceOf('cancel')).length > 0);
      expect(statusOf(server, nonceOf('cancel'))).toEqual(['cancelled']);
    });

    it('only under ids the hub gave out', async () => {
      for (const forged of ['nobody', '', `${server}:1`]) {
        for (const method of ['tasks/get', 'tasks/cancel', 'tasks/result']) {
          const { message, text } = await client.request(method, { taskId: forged });
          expect(message.error?.code, `${method} ${forged}: ${text}`).toBe(-32602);
        }
      }
    });

    it('or takes the result without a task', async () => {
      const params = { name: `${server}_job`, arguments: { nonce: nonceOf('inline') } };
      expect(firstText(resultOf(await client.request('tools/call', params)))).toMatch(/:(done|at once)$/);
    });
  },
);

it('names the extension to modern clients', async () => {
  const client = await connectFront('http-modern', hub);
  const { capabilities } = resultOf(await client.request('server/discover')) as {
    capabilities: Record<string, object>;
  };
  expect(capabilities['extensions']).toHaveProperty(TASKS);
});
