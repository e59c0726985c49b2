import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { NEVER } from '../core/cancel.ts';
import { giveHeadStart, type HeadStart, type HeadStartOptions } from './head-start.ts';
import { isGroupAlive } from './process-group.ts';
import { type StdioSpec, startProgram } from './program.ts';
import type { UpstreamSpec } from './spec.ts';
import { openStdio } from './stdio.ts';
import { createRecorder, request } from './testing/recorder.ts';

const ECHO: StdioSpec = { command: 'cat', args: [], env: { KEPT: 'yes' } };
const server = (more: Partial<UpstreamSpec> = {}): UpstreamSpec => ({ id: 'a', kind: 'stdio', ...ECHO, ...more });
const specOf = ({ command = '', args, env, cwd }: UpstreamSpec): StdioSpec => ({ command, args, env, cwd });

function watchStarts(): { started: ChildProcess[]; start(spec: StdioSpec): ChildProcess } {
  const started: ChildProcess[] = [];
  return {
    started,
    start(spec) {
      const child = startProgram(spec);
      started.push(child);
      return child;
    },
  };
}

describe.skipIf(process.platform === 'win32')('giveHeadStart', () => {
  const given: HeadStart[] = [];
  const taken: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of taken.splice(0)) child.kill('SIGKILL');
    for (const headStart of given.splice(0)) {
      await headStart.close();
      headStart.guard.close();
    }
  });
  const give = (servers: readonly UpstreamSpec[], options?: HeadStartOptions): HeadStart => {
    const headStart = giveHeadStart(servers, options);
    given.push(headStart);
    return headStart;
  };
  const take = (headStart: HeadStart, of: UpstreamSpec): ChildProcess | undefined => {
    const child = headStart.take(specOf(of));
    if (child !== undefined) taken.push(child);
    return child;
  };

  it('starts the first servers, as many as it may, and gives each away once', () => {
    const servers = ['1', '2', '3'].map((id) => server({ id, args: ['-', `/dev/fd/0`, id] }));
    const headStart = give(servers, { max: 2 });
    const pids = servers.map((one) => take(headStart, one)?.pid);
    expect(pids).toEqual([expect.any(Number), expect.any(Number), undefined]);
    expect(new Set(pids).size).toBe(3);
    expect(take(headStart, servers[0] as UpstreamSpec)).toBeUndefined();
  });

  it.each([
    ['other arguments', { args: ['-'] }],
    ['another environment', { env: { KEPT: 'no' } }],
    ['another folder', { cwd: '/' }],
    ['another command', { command: 'tee' }],
  ])('gives none to a server with %s', (_what, more) => {
    const headStart = give([server()]);
    expect(take(headStart, server(more))).toBeUndefined();
    expect(take(headStart, server())).toBeDefined();
  });

  it.each<[string, Partial<UpstreamSpec>]>([
    ['is lazy', { start: 'lazy' }],
    ['may not run', { blocked: { code: 'HATAGO_NEEDS_APPROVAL', message: 'not approved' } }],
    ['has a process for each session', { isolation: 'session' }],
    ['comes after another', { dependsOn: ['b'] }],
    ['runs in a folder of its own', { workspace: 'temp' }],
    ['is fetched first', { command: 'npx', args: ['-y', 'some-server'] }],
    ['is no program', { kind: 'http', url: 'http://127.0.0.1:1/mcp' }],
    ['does not exist', { command: '/nowhere/server' }],
    ['has no folder', { cwd: '/nowhere/at/all' }],
  ])('leaves to the hub a server that %s', (_what, more) => {
    const other = server({ id: 'b', args: ['-'], ...more });
    const headStart = give([other, server()], { max: 2 });
    expect(take(headStart, other)).toBeUndefined();
    expect(take(headStart, server())).toBeDefined();
  });

  it('gives none that has ended', async () => {
    const { started, start } = watchStarts();
    const brief = server({ command: 'sh', args: ['-c', 'exit 3'] });
    const headStart = give([brief], { start });
    await once(started[0] as ChildProcess, 'exit');
    expect(take(headStart, brief)).toBeUndefined();
  });

  it('ends those that nobody took, stubborn ones too', { timeout: 10_000 }, async () => {
    const { started, start } = watchStarts();
    const stubborn = server({ command: 'sh', args: ['-c', `trap '' TERM; while :; do sleep 1; done`] });
    const headStart = give([stubborn, server()], { max: 2, start });
    await headStart.close();
    expect(started).toHaveLength(2);
    expect(started.filter(({ pid }) => isGroupAlive(pid as number))).toEqual([]);
    expect(take(headStart, server())).toBeUndefined();
  });

  it('loses nothing that a server said before it was taken', async () => {
    const said = `{"jsonrpc":"2.0","method":"said","params":"early"}`;
    const early = server({ command: 'sh', args: ['-c', `printf '%s\\n' '${said}'; echo warned >&2; exec cat`] });
    const headStart = give([early]);
    // Until it has been read by the stream that nobody listens to.
    const child = headStart.take(specOf(early)) as ChildProcess;
    while (child.stdout?.readableLength === 0 || child.stderr?.readableLength === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const recorder = createRecorder();
    const deps = { signal: NEVER, note: recorder.note, headStart: { ...headStart, take: () => child } };
    const link = await openStdio(specOf(early), recorder.events, deps);
    link.send(request(7, '{"a":1}'));
    await recorder.until('message', 2);
    expect(recorder.all('message').map(({ value }) => value)).toEqual([
      JSON.parse(said),
      expect.objectContaining({ id: 7 }),
    ]);
    await recorder.until('note');
    expect(link.stderr?.()).toContain('warned');
    await link.close('end of test');
    expect(isGroupAlive(child.pid as number)).toBe(false);
  });
});
