import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openControlGroup } from './control-group.ts';

const PID = 4711;
let root: string;
let self: string;
let group: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hatago-cgroup-'));
  self = join(root, 'self');
  group = join(root, 'user.slice', 'hatago.service');
  mkdirSync(group, { recursive: true });
  writeFileSync(self, '0::/user.slice/hatago.service\n');
  writeFileSync(join(group, 'cgroup.controllers'), 'cpu io memory pids\n');
  writeFileSync(join(group, 'cgroup.subtree_control'), '');
  writeFileSync(join(group, 'cgroup.procs'), `${PID}\n`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const read = (...path: string[]): string => readFileSync(join(group, ...path), 'utf8');

describe('openControlGroup', () => {
  const parents: Record<number, number> = { [PID]: 1, 20: PID, 30: 20, 1: 0, 50: 1 };
  const open = () => openControlGroup({ root, self, pid: PID, parentOf: (pid) => parents[pid] });

  it('moves the hub and what it started into a group of their own and gives each process one with its bounds', () => {
    // 40 has ended meanwhile.
    writeFileSync(join(group, 'cgroup.procs'), `${PID}\n20\n30\n40\n`);
    const own = open();
    expect(new Set(read(`hatago-${PID}`, 'cgroup.procs').trim().split('\n'))).toEqual(
      new Set([String(PID), '20', '30', '40']),
    );
    expect(read('cgroup.subtree_control')).toBe('+memory +cpu');
    const remove = own?.add(99, { memoryMb: 64, cpu: 0.5 });
    expect(read(`hatago-${PID}-99`, 'memory.max')).toBe(String(64 * 1024 * 1024));
    expect(read(`hatago-${PID}-99`, 'cpu.max')).toBe('50000 100000');
    expect(read(`hatago-${PID}-99`, 'cgroup.procs')).toBe('99');
    expect(remove).not.toThrow();
    own?.add(100, { cpu: 2 });
    expect(existsSync(join(group, `hatago-${PID}-100`, 'memory.max'))).toBe(false);
  });

  it.each<[string, () => void]>([
    ['that holds others too', () => writeFileSync(join(group, 'cgroup.procs'), `${PID}\n50\n`)],
    ['without the controllers', () => writeFileSync(join(group, 'cgroup.controllers'), 'pids\n')],
    ['of the first version', () => writeFileSync(self, '4:memory:/user.slice\n')],
    ['that is not there', () => rmSync(group, { recursive: true })],
  ])('leaves a group alone %s', (_, change) => {
    change();
    expect(open()).toBeUndefined();
    expect(existsSync(join(group, `hatago-${PID}`))).toBe(false);
  });
});
