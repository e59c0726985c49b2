import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { identityOf, isRunning, ownIdentity } from './process-identity.ts';

describe('the identity of a process', { timeout: 30_000 }, () => {
  it('is that of this process as long as it runs', () => {
    expect(identityOf(process.pid)).toEqual(ownIdentity());
    expect(isRunning(ownIdentity())).toBe(true);
  });

  it('is gone with the process', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const identity = identityOf(child.pid as number);
    if (identity === undefined) throw new Error('it runs');
    expect(isRunning(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(identity)).toBe(false);
    expect(identityOf(identity.pid)).toBeUndefined();
  });

  it.runIf(process.platform === 'linux')('is not taken over by another process of the same number', () => {
    expect(isRunning({ pid: process.pid, start: '1' })).toBe(false);
  });

  it.runIf(process.platform === 'linux')('ends with the process although its parent has not noticed', async () => {
    // A parent that is busy reading does not hear of the end of its child.
    const script = `const { pid } = require('node:child_process').spawn('true');
      const fs = require('node:fs');
      while (!fs.readFileSync('/proc/' + pid + '/stat', 'latin1').includes(') Z ')) {}
      fs.writeSync(1, pid + '\\n');
      fs.readSync(0, Buffer.alloc(1));`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [pid] = (await once(parent.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    expect(process.kill(Number(pid), 0)).toBe(true);
    expect(identityOf(Number(pid))).toBeUndefined();
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it.each([0, -1, 1.5, Number.NaN])('is not that of %s', (pid) => {
    expect(identityOf(pid)).toBeUndefined();
  });
});
