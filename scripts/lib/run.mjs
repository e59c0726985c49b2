import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const running = new Set();
let stopping = false;

/**
 * Runs a command in a process group of its own, without input, and resolves with its exit code.
 * What the command leaves behind in its group is ended with it.
 */
export function run(command, args, { cwd, env = {}, output = 'inherit', timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    const out = output === 'stderr' ? 2 : 'inherit';
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', out, 'inherit'],
      detached: process.platform !== 'win32',
    });
    running.add(child);
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => endGroup(child, 'SIGKILL'), timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      running.delete(child);
      reject(error);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      endGroup(child, 'SIGKILL');
      running.delete(child);
      resolve(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/**
 * Passes the signals that end this process on to everything started by `run`, then ends with the usual code.
 * Calling the returned function leaves signals alone again.
 */
export function forwardSignals() {
  const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    const handler = () => {
      if (stopping) return;
      stopping = true;
      for (const child of running) endGroup(child, signal);
      const code = 128 + constants.signals[signal];
      setTimeout(() => {
        for (const child of running) endGroup(child, 'SIGKILL');
        process.exit(code);
      }, 3_000).unref();
      setInterval(() => {
        if (running.size === 0) process.exit(code);
      }, 20);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}

function endGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Nothing of the group is left.
  }
}
