// Process trees as Linux shows them under /proc: CPU time and resident memory, with the benchmark's own
// backends counted apart from the hub that started them.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { BACKEND, RUN_ID } from './command.mjs';

const TICK_MS = 10; // USER_HZ is 100 on every mainstream Linux
const PAGE_KB = 4;
const BACKEND_FILE = realpathSync(BACKEND);

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function readStat(pid) {
  try {
    const raw = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = raw.slice(raw.lastIndexOf(')') + 2).split(' ');
    return {
      state: fields[0],
      ppid: Number(fields[1]),
      cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
      startedAt: fields[19],
      rssKb: Number(fields[21]) * PAGE_KB,
    };
  } catch {
    return null;
  }
}

const allPids = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const readArgv = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
};

/** All live descendants of a process, itself included. @param {number} root */
export function tree(root) {
  const children = new Map();
  const stats = new Map();
  for (const pid of allPids()) {
    const stat = readStat(pid);
    if (!stat) continue;
    stats.set(pid, stat);
    const siblings = children.get(stat.ppid);
    if (siblings) siblings.push(pid);
    else children.set(stat.ppid, [pid]);
  }
  const found = [];
  const queue = [root];
  while (queue.length) {
    const pid = queue.pop();
    const stat = stats.get(pid);
    if (!stat) continue;
    found.push({ pid, ...stat });
    queue.push(...(children.get(pid) ?? []));
  }
  return found;
}

const knownBackends = new Set(); // pid:startedAt

/** Whether the script this process runs is our backend. A bridge has it among its later arguments, and is not. */
function isBackend(pid, startedAt) {
  const key = `${pid}:${startedAt}`;
  if (knownBackends.has(key)) return true;
  const script = readArgv(pid)[1];
  if (!script?.endsWith(path.basename(BACKEND_FILE))) return false;
  try {
    const file = realpathSync(path.resolve(readlinkSync(`/proc/${pid}/cwd`), script));
    // Until it has exec'd, a child still shows its parent's command line: a miss is not remembered.
    if (file !== BACKEND_FILE) return false;
  } catch {
    return false;
  }
  knownBackends.add(key);
  return true;
}

/** CPU milliseconds, resident KiB and number of processes of a tree, hub and backends apart. @param {number} root */
export function usage(root) {
  const sum = { hubCpuMs: 0, hubRssKb: 0, hubProcs: 0, backendCpuMs: 0, backendRssKb: 0, backendProcs: 0 };
  for (const { pid, startedAt, cpuMs, rssKb } of tree(root)) {
    const side = pid !== root && isBackend(pid, startedAt) ? 'backend' : 'hub';
    sum[`${side}CpuMs`] += cpuMs;
    sum[`${side}RssKb`] += rssKb;
    sum[`${side}Procs`] += 1;
  }
  return sum;
}

/**
 * Starts a command as leader of its own process group, on one CPU when `cpu` is given.
 * @param {string} cmd
 * @param {string[]} args
 * @param {{ cpu?: number, env?: object, cwd?: string, log?: string, ipc?: boolean }} [options] `ipc` opens a message channel
 */
export function start(cmd, args, { cpu, env, cwd, log, ipc = false } = {}) {
  const out = log ? openSync(log, 'a') : 'ignore';
  const [file, argv] = cpu === undefined ? [cmd, args] : ['taskset', ['-c', String(cpu), cmd, ...args]];
  const stdio = ['ignore', out, out, ...(ipc ? ['ipc'] : [])];
  const child = spawn(file, argv, { cwd, env: { ...process.env, ...env }, stdio, detached: true });
  child.on('error', (error) => console.error(`cannot start ${cmd}: ${error.message}`));
  if (log) closeSync(out);
  return child;
}

/** Moves the backends inside a hub's tree to another CPU, so that they do not compete with the hub. */
export function pinBackends(root, cpu, already = new Set()) {
  for (const { pid, startedAt } of tree(root)) {
    if (pid === root || already.has(pid) || !isBackend(pid, startedAt)) continue;
    already.add(pid);
    try {
      execFileSync('taskset', ['-acp', String(cpu), String(pid)], { stdio: 'ignore' });
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Milliseconds of CPU time the hypervisor has taken from this machine since boot. */
export function stolenMs() {
  return Number(readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/)[8]) * TICK_MS;
}

const alive = (pid) => {
  const stat = readStat(pid);
  return stat !== null && stat.state !== 'Z';
};

function signalAll(pids, signal) {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/**
 * Ends a process started by `start` and everything it spawned, and resolves when all are gone. The process itself is
 * asked first and has `graceMs` to end its children; what is left then is killed.
 */
export async function stop(child, graceMs = 1500) {
  if (!child?.pid) return;
  const pids = tree(child.pid).map((p) => p.pid);
  signalAll(pids.slice(0, 1), 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (pids.some(alive) && Date.now() < deadline) await sleep(25);
  signalAll(pids, 'SIGKILL');
  while (pids.some(alive)) await sleep(10);
}

/** Kills backends of this run that have outlived their hub; returns how many there were. */
export function sweepBackends() {
  const left = allPids().filter((pid) => {
    const argv = readArgv(pid);
    return argv[1] === BACKEND && argv.includes(RUN_ID);
  });
  signalAll(left, 'SIGKILL');
  return left.length;
}
