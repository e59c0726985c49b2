import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LogEvent } from '../core/log.ts';
import type { ServerState } from '../core/supervised.ts';
import type { Upstream } from '../core/upstream.ts';
import { isGroupAlive } from './process-group.ts';
import { buildCall, seen } from './scripted.ts';
import { createUpstream } from './server.ts';
import { TRANSITIONS } from './server-states.ts';
import type { UpstreamDeps, UpstreamSpec } from './spec.ts';
import { createWorkspaces } from './workspaces.ts';

const TINY = fileURLToPath(new URL('./testing/tiny-server.sh', import.meta.url));

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'hatago-supervised-')));
  closers.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function make(spec: Partial<UpstreamSpec> = {}, deps: Partial<UpstreamDeps> = {}): Upstream & { logged: LogEvent[] } {
  const logged: LogEvent[] = [];
  const upstream = createUpstream(
    { id: 'tiny', kind: 'stdio', command: 'sh', args: [TINY], protocol: 'legacy', ...spec },
    {
      now: () => performance.now(),
      wallNow: Date.now,
      hubInfo: { name: 'hatago', version: '0' },
      log: (event) => logged.push(event),
      ...deps,
    },
  );
  closers.push(() => upstream.close('the test is over'));
  return Object.assign(upstream, { logged });
}

const text = async (upstream: Upstream, session?: string): Promise<string> => {
  const outcome = await upstream.request(buildCall({ params: { name: 'count' }, session }));
  const { result, error } = seen(outcome) as { result?: { content: { text: string }[] }; error?: { message: string } };
  return result?.content[0]?.text ?? error?.message ?? '';
};
const supervision = (upstream: Upstream) => upstream.supervised?.supervision;

describe.skipIf(process.platform === 'win32')('a server that is a process', () => {
  it('tells its process, is stopped by hand with all of it, and stays so until it is started by hand', async () => {
    const upstream = make();
    await upstream.settled;
    const pid = supervision(upstream)?.pids[0] as number;
    expect(await text(upstream)).toContain(` ${pid} `);
    await upstream.supervised?.stop('stopped by hand');
    expect(isGroupAlive(pid)).toBe(false);
    expect(supervision(upstream)).toMatchObject({ state: 'STOPPED', pids: [], reason: 'stopped by hand' });
    expect(upstream.status).toMatchObject({ state: 'stopped', held: true });
    expect(await text(upstream)).toContain('tiny was stopped by hand; the request was not sent.');
    await upstream.supervised?.start();
    expect(supervision(upstream)?.pids).not.toContain(pid);
    expect(await text(upstream)).toContain('1 ');
    expect(upstream.status.held).toBeUndefined();
  });

  it('is held too when it did not run, and says so at once', async () => {
    const upstream = make({ start: 'lazy' });
    const told: unknown[] = [];
    upstream.watch(({ type }) => told.push(type, upstream.status.held));
    await upstream.supervised?.stop('stopped by hand');
    expect(told).toEqual(['state', true]);
    expect(supervision(upstream)).toMatchObject({ state: 'STOPPED', reason: 'stopped by hand' });
    expect(await text(upstream)).toContain('stopped by hand');
  });

  it('gets a new process when it is restarted by hand', async () => {
    const upstream = make();
    await upstream.settled;
    const before = supervision(upstream)?.pids;
    await upstream.supervised?.restart('it was asked for');
    expect(supervision(upstream)).toMatchObject({ state: 'RUNNING', restarts: 0 });
    expect(supervision(upstream)?.pids).not.toEqual(before);
  });

  it('ends with one process or none however many start and stop it at the same time', async () => {
    const upstream = make({ start: 'lazy' });
    const all = Array.from({ length: 50 }, (_, i) =>
      i % 2 === 0 ? upstream.supervised?.start() : upstream.supervised?.stop('by hand'),
    );
    const told = await Promise.allSettled(all);
    expect(told.filter((_, i) => i % 2 === 1).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(supervision(upstream)).toMatchObject({ state: 'STOPPED', pids: [] });
    await Promise.allSettled([...all.map(() => upstream.supervised?.stop('by hand')), upstream.supervised?.start()]);
    expect(supervision(upstream)?.pids).toHaveLength(1);
    expect(await text(upstream)).toMatch(/^1 /);
  });

  it('keeps what it wrote to stderr over its restarts', async () => {
    const upstream = make({ args: [TINY, 'hello from tiny'] });
    await upstream.settled;
    await vi.waitFor(() => expect(upstream.supervised?.logs()).toEqual(['hello from tiny']));
    await upstream.supervised?.restart('once more');
    await vi.waitFor(() => expect(upstream.supervised?.logs()).toEqual(['hello from tiny', 'hello from tiny']));
  });

  it('is left alone with its reason when it ends too often, until it is started by hand', async () => {
    const upstream = make({ restart: { max: 2, delayMs: 1 } });
    await upstream.settled;
    for (let restarts = 0; restarts < 3; restarts++) {
      await vi.waitFor(() => expect(supervision(upstream)).toMatchObject({ state: 'RUNNING', restarts }));
      process.kill(supervision(upstream)?.pids[0] as number, 'SIGKILL');
    }
    await vi.waitFor(() => expect(supervision(upstream)?.state).toBe('CRASHED'));
    expect(supervision(upstream)).toMatchObject({
      restarts: 2,
      retryAt: undefined,
      reason: 'the server was ended by SIGKILL, after it was started again 2 times',
    });
    expect(upstream.status).toMatchObject({ state: 'failed', held: true, code: 'HATAGO_UPSTREAM_LOST' });
    expect(await text(upstream)).toContain('Start it with "hatago start tiny".');
    await upstream.supervised?.start();
    expect(supervision(upstream)).toMatchObject({ state: 'RUNNING', restarts: 0, reason: undefined });
  });

  it('says what to install when its program is missing', async () => {
    const upstream = make({ command: 'no-such-runtime', restart: { max: 0 } });
    await upstream.settled;
    expect(upstream.status).toMatchObject({
      state: 'failed',
      code: 'HATAGO_RUNTIME_MISSING',
      fix: 'Install "no-such-runtime", or correct the command in the configuration.',
    });
    expect(await text(upstream)).toContain('Install "no-such-runtime"');
    await expect(upstream.supervised?.start()).rejects.toThrow('was not found');
  });

  it('tells callers no path of the machine when it is blocked', async () => {
    const upstream = make({ blocked: { code: 'HATAGO_SECRET_MISSING', message: '/home/me/secrets.json is broken.' } });
    const { error } = seen(await upstream.request(buildCall()));
    expect(error).toMatchObject({ code: -31011 });
    expect(JSON.stringify(error)).not.toContain('/home');
    await upstream.close('over');
  });

  it('is never started while it is blocked, and its calls end in the code of that', async () => {
    const fix = 'hatago trust tiny';
    const upstream = make({
      blocked: { code: 'HATAGO_UPSTREAM_AUTH_REQUIRED', message: 'It was never approved here.', fix },
    });
    await upstream.settled;
    const outcome = await upstream.request(buildCall());
    expect(seen(outcome).error).toMatchObject({
      code: -31011,
      message: 'tiny: It was never approved here. Run "hatago trust tiny".',
    });
    await expect(upstream.supervised?.start()).rejects.toThrow('It was never approved here.');
    await expect(upstream.supervised?.restart('x')).rejects.toThrow();
    await upstream.supervised?.stop('x');
    expect(supervision(upstream)).toMatchObject({ state: 'STOPPED', pids: [], reason: 'It was never approved here.' });
    expect(upstream.status).toMatchObject({ state: 'stopped', held: true, fix });
  });

  it('fetches a package anew whose folder in the cache of npx is broken, once, and removes nothing else', async () => {
    const home = folder();
    const cache = join(home, 'cache');
    const broken = join(cache, '_npx', '0123456789abcdef');
    const other = join(cache, '_npx', 'fedcba9876543210');
    for (const path of [broken, other]) mkdirSync(join(path, 'node_modules'), { recursive: true });
    const npx = join(home, 'npx');
    const said = `npm ERR! code ENOTEMPTY\nnpm ERR! path /elsewhere/_npx/0123456789abcdef/node_modules/pkg`;
    writeFileSync(
      npx,
      `#!/bin/sh\nif [ -d "${broken}" ]; then printf '%s\\n' "${said}" >&2; exit 1; fi\nexec sh ${TINY}\n`,
    );
    chmodSync(npx, 0o755);
    const env = { PATH: `${home}:${process.env['PATH']}`, npm_config_cache: cache };
    const upstream = make({ command: 'npx', args: ['-y', '@scope/pkg@1.2.3'], env });
    await upstream.settled;
    expect(supervision(upstream)).toMatchObject({ state: 'RUNNING', restarts: 0 });
    expect(existsSync(broken)).toBe(false);
    expect(existsSync(other)).toBe(true);
    expect(upstream.logged.map(({ event }) => event)).toContain('upstream.npx_cache');
  });

  it('does not run npx for what is no package name', async () => {
    const upstream = make({ command: 'npx', args: ['-y', 'Not A Package'], restart: { max: 0 } });
    await upstream.settled;
    expect(upstream.status.error).toContain('"Not A Package" is not a package name');
    expect(supervision(upstream)?.pids).toEqual([]);
  });

  it('runs in folders of its own, one per process, which go with it', async () => {
    const root = folder();
    const workspaces = createWorkspaces(root, () => {});
    const upstream = make({ workspace: 'temp', isolation: 'session' }, { workspaces });
    await upstream.settled;
    const [shared, a, b] = await Promise.all([text(upstream), text(upstream, 'a'), text(upstream, 'b')]);
    const folders = [shared, a, b].map((said) => (said as string).split(' ')[2] as string);
    expect(new Set(folders).size).toBe(3);
    expect(folders.every((path) => path.startsWith(root))).toBe(true);
    upstream.sessionEnded?.('a');
    await vi.waitFor(() => expect(existsSync(folders[1] as string)).toBe(false));
    expect(existsSync(folders[2] as string)).toBe(true);
    const [, pid] = (b as string).split(' ');
    process.kill(Number(pid), 'SIGKILL');
    await vi.waitFor(() => expect(existsSync(folders[2] as string)).toBe(false));
    await upstream.supervised?.restart('once more');
    expect(await text(upstream)).toContain(folders[0]);
    await upstream.close('removed');
    expect(readdirSync(root)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('is held to the memory it may use', async () => {
    const upstream = make({ caps: { memoryMb: 256 } });
    await upstream.settled;
    const pid = supervision(upstream)?.pids[0] as number;
    await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max data size +268435456 /));
    expect(await text(upstream)).toMatch(/^1 /);
  });

  it('is found where it was meant to run when its command is a path', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'server'), `#!/bin/sh\nexec sh ${TINY}\n`);
    chmodSync(join(cwd, 'server'), 0o755);
    const workspaces = createWorkspaces(folder(), () => {});
    const upstream = make({ command: './server', args: [], cwd, workspace: 'temp' }, { workspaces });
    await upstream.settled;
    expect(upstream.status.error).toBeUndefined();
    expect(await text(upstream)).not.toContain(cwd);
  });

  it('has its workspace outside of every project where it is run by npx, which looks upwards', async () => {
    const home = folder();
    vi.spyOn(os, 'homedir').mockReturnValue(home);
    syncBuiltinESMExports();
    try {
      writeFileSync(join(home, 'npx'), `#!/bin/sh\nexec sh ${TINY}\n`);
      chmodSync(join(home, 'npx'), 0o755);
      const workspaces = createWorkspaces(folder(), () => {});
      const upstream = make({ command: join(home, 'npx'), args: ['pkg'], workspace: 'temp' }, { workspaces });
      await upstream.settled;
      expect(await text(upstream)).toContain(join(home, '.hatago', 'workspaces'));
      await upstream.close('done');
      expect(readdirSync(join(home, '.hatago', 'workspaces'))).toEqual([]);
    } finally {
      vi.restoreAllMocks();
      syncBuiltinESMExports();
    }
  });

  it('takes only legal steps and leaves nothing running, whatever is done to it', async () => {
    type Step = 'start' | 'stop' | 'restart' | 'kill' | 'call' | 'wait';
    const steps = fc.array(fc.constantFrom<Step>('start', 'stop', 'restart', 'kill', 'call', 'wait'), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom<'eager' | 'lazy'>('eager', 'lazy'), async (chosen, start) => {
        const upstream = make({ start, restart: { max: 2, delayMs: 1 } });
        const pids = new Set<number>();
        const faults: string[] = [];
        let state: ServerState = start === 'lazy' ? 'STOPPED' : 'STARTING';
        upstream.watch(({ type }) => {
          if (type !== 'state') return;
          const now = supervision(upstream) as NonNullable<ReturnType<typeof supervision>>;
          if (now.state !== state && !TRANSITIONS[state].includes(now.state)) faults.push(`${state} → ${now.state}`);
          if (now.pids.length > 1) faults.push(`${now.pids.length} processes`);
          state = now.state;
          for (const pid of now.pids) pids.add(pid);
        });
        const waiting: Promise<unknown>[] = [];
        // Whether it came up is not the question here.
        const note = (promise: Promise<unknown> | undefined): number =>
          waiting.push((promise ?? Promise.resolve()).catch(() => {}));
        const acts: Record<Step, () => unknown> = {
          start: () => note(upstream.supervised?.start()),
          stop: () => note(upstream.supervised?.stop('by hand')),
          restart: () => note(upstream.supervised?.restart('by hand')),
          call: () => note(upstream.request(buildCall())),
          kill: () => {
            for (const pid of supervision(upstream)?.pids ?? []) killGroup(pid);
          },
          wait: () => upstream.request(buildCall()),
        };
        for (const step of chosen) await acts[step]();
        await Promise.all(waiting);
        await upstream.close('done');
        expect(faults).toEqual([]);
        expect([...pids].filter(isGroupAlive)).toEqual([]);
        expect(supervision(upstream)).toMatchObject({ state: 'STOPPED', pids: [] });
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});

/** It may end by itself just now. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
