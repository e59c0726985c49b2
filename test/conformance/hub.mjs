import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { start } from './processes.mjs';

const bin = fileURLToPath(new URL('../../packages/hatago/dist/hatago.cjs', import.meta.url));
const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

/**
 * Starts the hub, as a user starts it, with one server behind it, and waits until it is ready.
 *
 * @param {Record<string, unknown>} server the server's entry in the config
 * @param {{ ownGroup?: boolean }} [options] see `start`
 * @returns {Promise<{ url: string, stderr: () => string, stop: () => Promise<void> }>} `url` is the route of that one
 *   server, with its own names
 */
export async function startHub(server, { ownGroup } = {}) {
  const home = mkdtempSync(join(tmpdir(), 'hatago-conformance-hub-'));
  const config = join(home, 'hatago.config.json');
  writeFileSync(config, JSON.stringify({ version: 2, mcpServers: { fixture: server } }));
  const port = await freePort();
  const hub = start(
    process.execPath,
    [bin, 'serve', '--http', '--host', '127.0.0.1', '--port', String(port), '--config', config],
    { cwd: home, env: { HATAGO_HOME: join(home, 'state') }, ownGroup },
  );
  const stop = async () => {
    await hub.stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await untilReady(`http://127.0.0.1:${port}/readyz`, hub);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://localhost:${port}/mcp/fixture`, stderr: hub.stderr, stop };
}

/**
 * @param {string} url
 * @param {ReturnType<typeof start>} hub
 */
async function untilReady(url, hub) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let ended = false;
  let last = 'no answer';
  hub.exited.then(() => {
    ended = true;
  });
  while (!ended && Date.now() < deadline) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
      if (response.status === 200) return;
      last = `${response.status} ${(await response.text()).slice(0, 300)}`;
    } catch (error) {
      last = /** @type {Error} */ (error).message;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`the hub ${ended ? 'ended' : `was not ready (${last})`}\n${hub.stderr().slice(-2_000)}`);
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}
