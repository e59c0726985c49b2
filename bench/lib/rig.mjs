// Starts systems with their backends, waits until they serve, drives them, and leaves nothing behind.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { httpBackendArgs } from './command.mjs';
import { driveLoad } from './drive.mjs';
import { pinBackends, start, stop, sweepBackends } from './proc.mjs';
import { freePort, ready, rest } from './ready.mjs';

/**
 * Makes the rig. With `pin`, the system under test runs on CPU 0, load generator and backends on CPU 1.
 * @param {{ pin: boolean, warmup: number, duration: number, verbose?: boolean }} settings seconds
 */
export function createRig({ pin, warmup, duration, verbose = false }) {
  const hubCpu = pin ? 0 : undefined;
  const loadCpu = pin ? 1 : undefined;
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'hatago-bench-'));
  const running = new Set();
  let nextPort = 21_000 + Math.floor(Math.random() * 8000);
  let closed = false;

  const keep = (child) => {
    running.add(child);
    child.on('exit', () => running.delete(child));
    return child;
  };
  const launch = (...args) => {
    if (closed) throw new Error('interrupted');
    return keep(start(...args));
  };

  async function makeBackends({ count, tools, http }) {
    const backends = Array.from({ length: count }, (_, i) => ({ name: `b${i}`, tools }));
    if (!http) return { backends, children: [] };
    const children = [];
    for (const backend of backends) {
      nextPort = await freePort(nextPort + 1);
      backend.url = `http://127.0.0.1:${nextPort}/mcp`;
      const args = httpBackendArgs({ ...backend, port: nextPort });
      children.push(launch(process.execPath, args, { cpu: loadCpu }));
    }
    for (const { url } of backends) await ready({ url, era: '2025', expect: tools, timeoutMs: 15_000 });
    return { backends, children };
  }

  /** Runs the load generator against a system that has come to rest; resolves with what it printed. */
  async function drive(context, extra) {
    await rest(context.pid);
    return driveLoad(context, { warmup, duration, ...extra }, { cpu: loadCpu, onChild: keep });
  }

  /** Starts a system and resolves when it serves everything. */
  async function boot(system, { dir, backends, expect, pinned, preload = [] }) {
    nextPort = await freePort(nextPort + 1);
    const command = system.start({ port: nextPort, dir, backends });
    const startedAt = performance.now();
    const { env, cwd } = command;
    const options = { cpu: pinned ? hubCpu : undefined, env, cwd, log: path.join(dir, 'log'), ipc: preload.length > 0 };
    const child = launch(command.cmd, [...preload, ...command.args], options);
    const target = { url: command.url, era: system.era, headers: command.headers };
    const { firstAnswer, complete } = await ready({ ...target, expect, child });
    return { child, target, firstAnswerMs: firstAnswer - startedAt, readyMs: complete - startedAt };
  }

  /**
   * Starts a system in front of fresh backends, runs `body` and ends everything; `{ fatal }` when it failed.
   * @param {import('../systems.mjs').System} system
   * @param {{ count: number, tools: number, http?: boolean, pinned?: boolean, warm?: boolean, preload?: string[] }} setup
   *   `warm`: the system has served once from the same directory before
   * @param {(context: object) => Promise<object>} body
   */
  async function withSystem(system, setup, body) {
    const dir = mkdtempSync(path.join(scratch, 'run-'));
    const expect = setup.count * setup.tools;
    const pinned = pin && setup.pinned !== false;
    const before = new Set(running);
    let pinner;
    try {
      const { backends } = await makeBackends(setup);
      const options = { dir, backends, expect, pinned, preload: setup.preload };
      if (setup.warm) {
        const { child } = await boot(system, options);
        await stop(child, 5000);
      }
      const booted = await boot(system, options);
      const { pid } = booted.child;
      if (pinned) {
        const already = new Set();
        pinBackends(pid, loadCpu, already);
        if (system.processPerSession) pinner = setInterval(() => pinBackends(pid, loadCpu, already), 500);
      }
      return await body({ ...booted, pid, expect });
    } catch (error) {
      const log = path.join(dir, 'log');
      if (verbose && existsSync(log)) console.error(readFileSync(log, 'utf8').slice(-2000));
      return { fatal: error.message };
    } finally {
      clearInterval(pinner);
      await Promise.all([...running].filter((child) => !before.has(child)).map((child) => stop(child)));
      sweepBackends();
      rmSync(dir, { recursive: true, force: true });
    }
  }

  async function close() {
    closed = true;
    await Promise.all([...running].map((child) => stop(child)));
    sweepBackends();
    rmSync(scratch, { recursive: true, force: true });
  }

  return { withSystem, drive, close };
}
