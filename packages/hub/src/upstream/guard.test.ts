import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createProcessGuard } from './guard.ts';
import { endProcessGroup, isGroupAlive, signalGroup } from './process-group.ts';

const guardModule = fileURLToPath(new URL('./guard.ts', import.meta.url));
const STUBBORN = `trap '' TERM; echo ready; while :; do sleep 1; done`;

/** A hub in small: starts what it is told in groups of their own, guarded, and prints the groups. */
const hub = (scripts: string[], after: string): string => `
import { spawn } from 'node:child_process';
import { createProcessGuard } from ${JSON.stringify(guardModule)};
const guard = createProcessGuard();
const children = [];
const groups = await Promise.all(${JSON.stringify(scripts)}.map((script) => {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  guard.add(child.pid);
  children.push(child);
  return new Promise((resolve) => child.stdout.once('data', () => resolve(child.pid)));
}));
console.log(JSON.stringify(groups));
${after}`;

function start(scripts: string[], after: string): { process: ChildProcess; groups: Promise<number[]> } {
  const args = ['--import', 'tsx', '--input-type=module', '-e', hub(scripts, after)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  const groups = new Promise<number[]>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
      if (text.includes('\n')) resolve(JSON.parse(text) as number[]);
    });
    child.once('exit', () => reject(new Error(`ended before it was ready: ${text}`)));
  });
  return { process: child, groups };
}

async function goneWithin(groups: number[], ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    if (!groups.some(isGroupAlive)) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

describe.skipIf(process.platform === 'win32')('createProcessGuard', () => {
  it('ends every recorded group within three seconds of the hub being killed', { timeout: 20_000 }, async () => {
    const scripts = [
      'echo ready; cat >/dev/null; sleep 1000',
      STUBBORN,
      // A leader that ends at once and leaves a stubborn child in its group.
      `sh -c "trap '' TERM; while :; do sleep 1; done" & echo ready; sleep 1000`,
    ];
    const { process: child, groups } = start(scripts, 'setInterval(() => {}, 1000);');
    const recorded = await groups;
    try {
      expect(recorded.every(isGroupAlive)).toBe(true);
      child.kill('SIGKILL');
      expect(await goneWithin(recorded, 3000)).toBe(true);
    } finally {
      for (const group of recorded) signalGroup(group, 'SIGKILL');
      child.kill('SIGKILL');
    }
  });

  it('does not keep the hub running, and ends what it left behind', { timeout: 20_000 }, async () => {
    const after = 'for (const child of children) for (const held of [child, child.stdin, child.stdout]) held.unref();';
    const { process: child, groups } = start(['echo ready; sleep 1000'], after);
    const recorded = await groups;
    try {
      await once(child, 'exit');
      expect(child.signalCode).toBeNull();
      expect(await goneWithin(recorded, 3000)).toBe(true);
    } finally {
      for (const group of recorded) signalGroup(group, 'SIGKILL');
    }
  });

  it('leaves alone what was taken back before the hub ended', async () => {
    const guard = createProcessGuard();
    const child = spawn('sh', ['-c', 'echo ready; sleep 1000'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const other = spawn('sh', ['-c', 'echo ready; sleep 1000'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(other, 'exit');
    const pgid = child.pid as number;
    try {
      guard.add(pgid);
      guard.add(other.pid as number);
      guard.remove(pgid);
      guard.close();
      await ended;
      expect(isGroupAlive(pgid)).toBe(true);
    } finally {
      await endProcessGroup(pgid);
      await endProcessGroup(other.pid as number);
    }
  });
});
