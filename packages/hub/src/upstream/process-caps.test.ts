import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LogEvent } from '../core/log.ts';
import type { ControlGroup } from './control-group.ts';
import { createProcessCaps } from './process-caps.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function child(): number {
  const started = spawn('sleep', ['60'], { stdio: 'ignore' });
  closers.push(() => started.kill('SIGKILL'));
  return started.pid as number;
}

describe('createProcessCaps', () => {
  it('does nothing where nothing is bounded', () => {
    const logged: LogEvent[] = [];
    const caps = createProcessCaps({ server: 's', caps: {}, log: (event) => logged.push(event), platform: 'darwin' });
    expect(caps(process.pid)()).toBeUndefined();
    expect(logged).toEqual([]);
  });

  it('uses the control group where there is one, and lets go of it', () => {
    const calls: unknown[] = [];
    const group: ControlGroup = {
      add(pid, caps) {
        calls.push(pid, caps);
        return () => calls.push('removed');
      },
    };
    const log = (event: LogEvent): void => void calls.push(event);
    const caps = createProcessCaps({ server: 's', caps: { cpu: 1 }, log, platform: 'linux', group: () => group });
    caps(7)();
    expect(calls).toEqual([7, { cpu: 1 }, 'removed']);
  });

  it.skipIf(process.platform !== 'linux')('bounds the memory of a process where there is no such group', async () => {
    const logged: LogEvent[] = [];
    const log = (event: LogEvent): void => void logged.push(event);
    const caps = createProcessCaps({ server: 's', caps: { memoryMb: 128, cpu: 1 }, log, group: () => undefined });
    const pid = child();
    caps(pid);
    await vi.waitFor(() =>
      expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max data size +134217728 +134217728/),
    );
    caps(child());
    expect(logged.map(({ message }) => message)).toEqual([
      'this system has no means to hold it to limits.cpu (1); it runs without that bound',
    ]);
  });

  it('says once what a system cannot do', () => {
    const logged: LogEvent[] = [];
    const log = (event: LogEvent): void => void logged.push(event);
    const caps = createProcessCaps({ server: 's', caps: { memoryMb: 64, cpu: 2 }, log, platform: 'darwin' });
    caps(1);
    caps(2);
    expect(logged).toMatchObject([
      { level: 'warn', server: 's', message: expect.stringContaining('limits.memoryMb (64) and limits.cpu (2)') },
    ]);
  });
});
