import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MASK } from '../control/mask-config.ts';
import { createHub, type Hub } from '../hub.ts';
import type { ControlOptions } from './admin-side.ts';
import { ALL } from './api.ts';
import { type Answer, ask } from './test-hub.ts';
import { errorOf, type Rig, TEST_SERVER as server, startRig } from './test-rig.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const start = (
  config: object = { mcpServers: { one: server } },
  control: Partial<ControlOptions> = {},
): Promise<Rig<Hub>> => startRig({ create: createHub, config, control, closers });

describe('the admin API over the local socket', () => {
  it('tells how the hub is, and every server with what it costs', async () => {
    const { call, folder, listener } = await start({
      mcpServers: { one: server, off: { command: 'x', disabled: true } },
    });
    const { status, body } = await call('GET', '/status');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      version: '1.2.3',
      ready: true,
      url: listener.url,
      config: folder.file,
      generation: 1,
    });
    expect(body['servers']).toMatchObject([
      { id: 'one', tools: 1, readiness: { state: 'ready' }, supervision: { state: 'RUNNING' } },
      { id: 'off', readiness: { state: 'disabled' } },
    ]);
  });

  it('is a file only its user can open', async () => {
    const { folder, socket } = await start();
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder.home, 'run')).mode & 0o777).toBe(0o700);
  });

  it('stops, starts, restarts and tries a server', async () => {
    const { call } = await start();
    const pidOf = (answer: Answer): number => (answer.body['supervision'] as { pids: number[] }).pids[0] as number;
    const first = pidOf(await call('POST', '/servers/one/restart'));
    expect((await call('POST', '/servers/one/stop')).body).toMatchObject({ readiness: { state: 'disabled' } });
    expect((await call('POST', '/servers/one/test')).body).toMatchObject({ reachable: false, answers: false });
    expect(pidOf(await call('POST', '/servers/one/start'))).not.toBe(first);
    const tried = await call('POST', '/servers/one/test');
    expect(tried.body).toMatchObject({ reachable: true, authenticated: true, answers: true, tools: 1 });
  });

  it('shows what a server wrote, the tools of all, and what depends on what', async () => {
    const { call } = await start({ mcpServers: { one: server, two: { ...server, dependsOn: ['one'] } } });
    expect((await call('GET', '/servers/one/logs')).body).toEqual({ lines: ['hello from the server'] });
    expect((await call('GET', '/tools')).body['tools']).toContainEqual({
      name: 'two_echo',
      description: 'Says it again.',
      server: 'two',
    });
    expect((await call('GET', '/graph')).body['edges']).toEqual([{ from: 'two', to: 'one' }]);
  });

  it('says why a server does not come up', async () => {
    const { call } = await start({ mcpServers: { bad: { command: 'no-such-program-here', start: 'lazy' } } });
    const refused = await call('POST', '/servers/bad/start');
    expect(refused.status).toBe(502);
    expect(errorOf(refused).message).toContain('no-such-program-here was not found.');
    expect(errorOf(refused).next).toContain('Install "no-such-program-here"');
  });

  it.each(['start', 'restart', 'stop'])('says that a server is disabled instead of a %s', async (verb) => {
    const { call } = await start({ mcpServers: { off: { command: 'x', disabled: true } } });
    const { message, next } = errorOf(await call('POST', `/servers/off/${verb}`));
    expect(message).toBe('off is disabled in the configuration.');
    expect(next).toContain('hatago config set mcpServers.off.disabled false');
  });

  it('ends the hub when it is asked to, after it answered', async () => {
    const { call, stopped } = await start();
    expect((await call('POST', '/shutdown')).status).toBe(202);
    await expect.poll(() => stopped).toHaveLength(1);
  });

  it('names the secrets, and nothing of them', async () => {
    const { call } = await start();
    expect((await call('GET', '/secrets')).body).toEqual({
      secrets: [{ name: 'TOKEN', updatedAt: '2026-01-01T00:00:00.000Z' }],
    });
  });

  it('leaves no socket behind', async () => {
    const { hub, socket } = await start();
    await hub.stop('done', { graceMs: 0 });
    expect(() => statSync(socket)).toThrow();
  });
});

describe('what the admin API refuses', () => {
  it.each([
    ['GET', '/nothing', undefined, 404, 'HATAGO_NO_ROUTE'],
    ['GET', '/servers/nobody', undefined, 404, 'HATAGO_NOT_FOUND'],
    ['GET', '/sessions/nobody', undefined, 404, 'HATAGO_NOT_FOUND'],
    ['POST', '/generations/99/drain', {}, 404, 'HATAGO_NOT_FOUND'],
    ['POST', '/generations/1/drain', {}, 409, 'HATAGO_GENERATION_ACTIVE'],
    ['DELETE', '/status', undefined, 405, 'HATAGO_METHOD_NOT_ALLOWED'],
    ['POST', '/reload', '{', 400, 'HATAGO_PARSE'],
    ['POST', '/reload', { dryRun: 'yes' }, 422, 'HATAGO_INVALID_PARAMS'],
    ['POST', '/servers', { id: 'one', definition: server }, 409, 'HATAGO_EXISTS'],
    ['POST', '/servers', { id: '../x', definition: server }, 422, 'HATAGO_INVALID_PARAMS'],
    ['POST', '/servers', { id: 'two', definition: { comand: 'x' } }, 422, 'HATAGO_INVALID_PARAMS'],
    [
      'POST',
      '/servers',
      { id: 'two', definition: { command: 'x', env: { NODE_OPTIONS: '--require /tmp/x' } } },
      422,
      'HATAGO_INVALID_PARAMS',
    ],
  ])('%s %s %j is answered with %i', async (method, path, body, status, code) => {
    const { call, folder } = await start();
    const before = folder.text();
    const answer = await call(method, path, body);
    expect(answer.status).toBe(status);
    const { message, next, correlationId } = errorOf(answer);
    expect(errorOf(answer).code).toBe(code);
    for (const text of [message, next, correlationId]) expect(text).not.toBe('');
    expect(folder.text()).toBe(before);
  });

  it('tells every fault of a definition', async () => {
    const { call } = await start();
    const definition = { comand: 'x', start: 'never' };
    const { details = [] } = errorOf(await call('POST', '/servers', { id: 'two', definition }));
    expect(details.join('\n')).toContain('comand');
    expect(details.join('\n')).toContain('start');
  });

  it('takes JSON alone, and not more of it than it can hold', async () => {
    const { call } = await start();
    expect((await call('POST', '/reload', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await call('POST', '/reload', { pad: 'x'.repeat(1024 * 1024) })).status).toBe(413);
  });
});

describe('changes of the configuration over the admin API', () => {
  it('are written into the file, comments kept, and applied', async () => {
    const { call, folder } = await start();
    const added = await call('POST', '/servers', { id: 'two', definition: server });
    expect(added.body['result']).toMatchObject({ outcome: 'applied', diff: { added: ['two'], unchanged: ['one'] } });
    expect(folder.text()).toContain('// mine');
    expect(folder.text()).toContain('"two"');
    const removed = await call('DELETE', '/servers/two');
    expect(removed.body['result']).toMatchObject({ diff: { removed: ['two'] } });
    expect(folder.text()).not.toContain('"two"');
  });

  it('are made only against the version that was read', async () => {
    const { call, folder } = await start();
    const { headers } = await call('GET', '/servers/one');
    const etag = String(headers['etag']);
    const changed = { ...server, tags: ['work'] };
    expect((await call('PUT', '/servers/one', changed, { 'if-match': '"another"' })).status).toBe(412);
    expect((await call('PUT', '/servers/one', changed, { 'if-match': etag })).status).toBe(200);
    expect((await call('DELETE', '/servers/one', undefined, { 'if-match': etag })).status).toBe(412);
    expect(folder.text()).toContain('work');
  });

  it('keep what was shown masked', async () => {
    const definition = { ...server, env: { KEY: 'canary-1', REF: '${HERE:-x}' }, tags: [] as string[] };
    const { call, folder } = await start({ mcpServers: { one: definition } });
    const shown = (await call('GET', '/servers/one')).body['definition'] as typeof definition;
    expect(shown.env).toEqual({ KEY: MASK, REF: `\${HERE:-${MASK}}` });
    await call('PUT', '/servers/one', { ...shown, tags: ['work'] });
    expect(folder.text()).toContain('canary-1');
    expect(folder.text()).toContain('${HERE:-x}');
    expect(folder.text()).toContain('work');
    const unknown = await call('PUT', '/servers/one', { ...shown, env: { OTHER: MASK } });
    expect(errorOf(unknown).message).toContain('A masked value stands where none was shown');
    expect(folder.text()).not.toContain(MASK);
    const { body } = await call('GET', '/config');
    expect(JSON.stringify(body)).not.toContain('canary-1');
  });

  it('are taken back when the hub refuses them', async () => {
    const { call, folder, hub } = await start();
    const before = folder.text();
    const refused = await call('POST', '/servers', { id: 'two', definition: { command: '${NOT_SET_ANYWHERE}' } });
    expect(refused.status).toBe(422);
    expect(errorOf(refused).details?.join('\n')).toContain('NOT_SET_ANYWHERE');
    expect(folder.text()).toBe(before);
    expect(hub.controller.current().id).toBe(1);
  });

  it.each([
    ['PUT', '/policy', { enabled: true }],
    ['PUT', '/servers/one', server],
    ['DELETE', '/servers/one', undefined],
    ['POST', '/servers', { id: 'two', definition: server }],
  ])('find a file that is broken, and say where: %s %s', async (method, path, body) => {
    const { call, folder } = await start();
    writeFileSync(folder.file, '{"x":');
    const refused = errorOf(await call(method, path, body));
    expect(refused).toMatchObject({ code: 'HATAGO_CONFIG_SYNTAX', details: expect.any(Array) as string[] });
    expect(refused.details?.[0]).toMatch(/:1:6: value expected$/);
    expect(folder.text()).toBe('{"x":');
  });

  it('are made where the server is written, whatever it is called there', async () => {
    const { call, folder } = await start({ mcpServers: { 'a.b': server } });
    expect((await call('GET', '/servers/a_b')).body['definition']).toMatchObject({ command: server.command });
    const { body } = await call('PUT', '/servers/a_b', { ...server, tags: ['work'] });
    expect(body['result']).toMatchObject({ outcome: 'applied', diff: { added: [], adjusted: [{ server: 'a_b' }] } });
    expect(folder.text()).not.toContain('"a_b"');
    expect(folder.text()).toContain('work');
    await call('DELETE', '/servers/a_b');
    expect(folder.text()).not.toContain('a.b');
  });

  it('are not made in a list of servers, which is an old format; its entries are shown as they are written', async () => {
    const { call, folder } = await start({ servers: [{ id: 'one', ...server }] });
    const before = folder.text();
    expect((await call('GET', '/servers/one')).body['definition']).toMatchObject({
      id: 'one',
      command: server.command,
    });
    for (const [method, path, body] of [
      ['PUT', '/servers/one', server],
      ['DELETE', '/servers/one', undefined],
      ['POST', '/servers', { id: 'two', definition: server }],
    ] as const) {
      const refused = await call(method, path, body);
      expect(refused.status, method).toBe(409);
      expect(errorOf(refused)).toMatchObject({ code: 'HATAGO_CONFIG_OLD_FORMAT' });
      expect(errorOf(refused).next).toContain('hatago migrate --write');
    }
    expect(folder.text()).toBe(before);
    // The policy stands in the same place in it.
    expect((await call('PUT', '/policy', { enabled: true })).status).toBe(200);
  });

  it('add no server over one that is written and not served yet', async () => {
    const { call, folder } = await start();
    folder.write(JSON.stringify({ mcpServers: { one: server, two: { command: 'mine' } } }));
    const refused = await call('POST', '/servers', { id: 'two', definition: server });
    expect([refused.status, errorOf(refused).code]).toEqual([409, 'HATAGO_EXISTS']);
    expect(folder.text()).toContain('mine');
    const both = await Promise.all(
      [1, 2].map(() => call('POST', '/servers', { id: 'three', definition: { ...server, start: 'lazy' } })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('that come at the same time follow each other', async () => {
    const { call, folder } = await start({ mcpServers: {} });
    const ids = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(
      ids.map((id) => call('POST', '/servers', { id, definition: { ...server, start: 'lazy' } })),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    for (const id of ids) expect(folder.text()).toContain(`"${id}"`);
  });

  it('change the policy, which is in effect at once', async () => {
    const { call } = await start();
    const rules = [{ id: 'no-echo', effect: 'deny', tool: 'one_echo' }];
    expect((await call('PUT', '/policy', { rules })).status).toBe(200);
    const decided = await call('POST', '/policy/test', { tool: 'one_echo' });
    expect(decided.body).toMatchObject({ effect: 'deny', rule: 'no-echo' });
    expect((await call('GET', '/policy')).body['policy']).toMatchObject({ rules: [{ id: 'no-echo', principal: '*' }] });
    expect((await call('GET', '/tools')).body['tools']).toEqual([]);
  });

  it('can be looked at before, compared, and rolled back', async () => {
    const { call, folder } = await start();
    folder.write(JSON.stringify({ mcpServers: { one: server, two: { ...server, start: 'lazy' } } }));
    const plan = await call('POST', '/reload', { dryRun: true });
    expect(plan.body).toMatchObject({ outcome: 'dry-run', generation: 1, diff: { added: ['two'] } });
    expect((await call('POST', '/reload', {})).body).toMatchObject({ outcome: 'applied', generation: 2 });
    expect((await call('GET', '/generations/1/diff?to=2')).body).toMatchObject({ added: ['two'] });
    expect((await call('GET', '/generations/2')).body).toMatchObject({ state: 'active', servers: ['one', 'two'] });
    expect((await call('POST', '/generations/last/rollback')).body).toMatchObject({ diff: { removed: ['two'] } });
  });
});

describe('the admin API over HTTP', () => {
  it('answers who has the token, and nobody else', async () => {
    const { listener, token } = await start();
    const at = listener.port;
    const path = '/api/v1/status';
    const of = async (authorization?: string): Promise<number> =>
      (await ask({ at, path, ...(authorization === undefined ? {} : { headers: { authorization } }) })).status;
    expect(await of()).toBe(401);
    expect(await of(`Bearer ${token}x`)).toBe(401);
    expect(await of(`Bearer ${token.slice(1)}`)).toBe(401);
    expect(await of(`Basic ${token}`)).toBe(401);
    expect(await of(`Bearer ${token}`)).toBe(200);
    const refused = await ask({ at, path });
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    expect(errorOf(refused).code).toBe('HATAGO_TOKEN_REQUIRED');
  });

  it.each(ALL.map(({ method, path }) => [method, path]))('%s %s needs the token', async (method, path) => {
    const { listener } = await start({ mcpServers: {} });
    const answer = await ask({ at: listener.port, method, path: `/api/v1${path.replace(/\{\w+\}/g, 'x')}` });
    expect(answer.status).toBe(401);
  });

  it('is behind the guard of Host and Origin, token or not', async () => {
    const { listener, token } = await start();
    const authorization = `Bearer ${token}`;
    const path = '/api/v1/status';
    const evil = await ask({ at: listener.port, path, headers: { authorization, host: 'evil.test' } });
    expect(evil.status).toBe(403);
    const foreign = await ask({ at: listener.port, path, headers: { authorization, origin: 'https://evil.test' } });
    expect(foreign.status).toBe(403);
  });

  it('takes a token of the configuration too, and can be switched off', async () => {
    const { listener, call } = await start({ mcpServers: {}, admin: { token: 'chosen-by-me-0123456789' } });
    const headers = { authorization: 'Bearer chosen-by-me-0123456789' };
    expect((await ask({ at: listener.port, path: '/api/v1/status', headers })).status).toBe(200);
    expect(JSON.stringify((await call('GET', '/config')).body)).not.toContain('chosen-by-me');
    const off = await start({ mcpServers: {}, admin: { http: false } });
    const authorization = `Bearer ${off.token}`;
    const answer = await ask({ at: off.listener.port, path: '/api/v1/status', headers: { authorization } });
    expect(answer.status).toBe(404);
    expect((await off.call('GET', '/status')).status).toBe(200);
  });

  it.each(['//api/v1/status', '/api//v1/status', '/%61pi/v1/status', '/api/v1/../v1/status', '/API/v1/status'])(
    'gives nothing away at %s',
    async (path) => {
      const { listener } = await start({ mcpServers: {} });
      expect([401, 404]).toContain((await ask({ at: listener.port, path })).status);
    },
  );
});
