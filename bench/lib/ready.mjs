// When a system can be measured.
import net from 'node:net';
import { usage } from './proc.mjs';
import { Session } from './session.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The first port from `from` on that nothing listens on. */
export async function freePort(from) {
  for (let port = from; port < from + 1000; port++) {
    const free = await new Promise((resolve) => {
      const server = net.createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new Error(`no free port from ${from} on`);
}

/** Polls until a system answers a complete tools/list; resolves with when it first answered and when it was complete. */
export async function ready({ url, era, headers, expect, child, timeoutMs = 60_000, pollMs = 10 }) {
  const deadline = performance.now() + timeoutMs;
  let firstAnswer;
  let last = 'never answered';
  while (performance.now() < deadline) {
    if (child && (child.exitCode !== null || child.signalCode !== null)) {
      throw new Error(`ended with ${child.exitCode ?? child.signalCode} before it was ready: ${last}`);
    }
    const session = new Session({ url, era, headers, timeoutMs: 10_000 });
    const guard = setTimeout(() => session.drop(), 10_000);
    try {
      await session.open();
      const tools = await session.listTools();
      const at = performance.now();
      firstAnswer ??= at;
      if (tools.length >= expect) {
        await session.close();
        return { firstAnswer, complete: at };
      }
      last = `${tools.length} of ${expect} tools`;
    } catch (error) {
      last = error.message;
    } finally {
      clearTimeout(guard);
      session.drop();
    }
    await sleep(pollMs);
  }
  throw new Error(`not ready after ${timeoutMs} ms: ${last}`);
}

/**
 * Waits until a system uses next to no CPU, so that what follows is not charged for the end of earlier sessions.
 * Resolves after `timeoutMs` at the latest.
 */
export async function rest(pid, { timeoutMs = 20_000, sampleMs = 250 } = {}) {
  const deadline = performance.now() + timeoutMs;
  let last = usage(pid).hubCpuMs;
  while (performance.now() < deadline) {
    await sleep(sampleMs);
    const now = usage(pid).hubCpuMs;
    if (now - last <= sampleMs * 0.08) return;
    last = now;
  }
}
