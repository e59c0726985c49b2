import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';

const BIN = new URL('../../../packages/hatago/dist/hatago.cjs', import.meta.url).pathname;
const START_LIMIT_MS = 20_000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends whatever a scenario that was broken off has left running. */
export async function endAll() {
  const ends = [...running].map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ends);
}

/** The processes that are killed, and what they were doing. */
export function createVictims(site, bin = BIN) {
  const launch = (...args) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: site.folder, env: site.env, stdio: 'pipe' });
    running.add(child);
    const ended = new Promise((resolve) =>
      child.once('close', (code) => {
        running.delete(child);
        resolve(code);
      }),
    );
    const out = { stdout: '', stderr: '' };
    child.stdin.on('error', () => {});
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        out[name] += text;
      });
    }
    return { child, ended, out, kill: () => child.kill('SIGKILL') };
  };

  return {
    /** Starts the hub; resolves when its servers have settled. */
    async startHub() {
      const began = performance.now();
      const hub = launch('serve', '--http', '--port', '0', '--json', '--config', site.file);
      const failed = () => new Error(`the hub did not start: ${hub.out.stderr.slice(-2000)}`);
      const until = async (check) => {
        while (!(await check())) {
          if (hub.child.exitCode !== null || performance.now() - began > START_LIMIT_MS) throw failed();
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      };
      await until(() => hub.out.stdout.includes('\n'));
      const startMs = performance.now() - began;
      const { url } = JSON.parse(hub.out.stdout.split('\n')[0]);
      const base = url.replace(/\/mcp$/, '');
      await until(async () => (await fetch(`${base}/readyz`)).ok);
      let socket = '';
      await until(() => {
        const run = readRun(site.home);
        socket = run?.pid === hub.child.pid ? (run?.socket ?? '') : '';
        return socket !== '';
      });
      return { ...hub, socket, startMs };
    },

    /** Writes the configuration over the API of the hub, again and again until it is gone. */
    writeConfig(hub, round) {
      let sent = 0;
      let acknowledged = 0;
      /** @type {string[]} */
      const faults = [];
      const loop = async () => {
        for (;;) {
          const write = ++sent;
          const rules = [{ id: `${round}-${write}`, effect: 'deny', tool: 'nothing_*', principal: '*' }];
          try {
            const status = await put(hub.socket, '/api/v1/policy', { rules });
            if (status === undefined) return;
            if (status !== 200) throw new Error(`the hub refused a write with ${status}`);
            acknowledged = write;
          } catch (error) {
            faults.push(`round ${round}: ${error.message}`);
            return;
          }
        }
      };
      return {
        ended: loop(),
        sent: () => sent,
        acknowledged: () => acknowledged,
        faults: () => faults,
      };
    },

    /** Writes one secret with a command; now and then the key is replaced in its stead. */
    writeSecret(round) {
      const rotates = round % 10 === 0;
      const name = `S${round}`;
      const value = `value of round ${round} ${'x'.repeat(round % 50)}`;
      const args = rotates ? ['secret', 'rotate'] : ['secret', 'set', name];
      const { child, ended, kill } = launch(...args, '--config', site.file);
      child.stdin.end(rotates ? '' : value);
      return { name, value, ended, kill, acknowledged: async () => !rotates && (await ended) === 0 };
    },

    /** What is wrong with the secrets: all of them must open, and those that were acknowledged must be there. */
    async checkSecrets(round) {
      const target = join(site.folder, 'exported.json');
      const { child, ended, out } = launch('secret', 'export', target, '--plaintext', '--force', '--config', site.file);
      child.stdin.end();
      if ((await ended) !== 0) return [`round ${round}: ${out.stderr.trim()}`];
      const found = JSON.parse(readFileSync(target, 'utf8'));
      rmSync(target);
      return [...site.kept]
        .filter(([name, value]) => found[name] !== value)
        .map(([name]) => `round ${round}: the secret ${name} was acknowledged and is gone`);
    },
  };
}

/** What the hub tells of itself; undefined before it does. */
function readRun(home) {
  try {
    return JSON.parse(readFileSync(join(home, 'run', 'hub.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The status of the answer; undefined where the connection ended before there was one, which is the end of the hub. */
function put(socketPath, path, body) {
  return new Promise((resolve) => {
    const text = JSON.stringify(body);
    const headers = {
      Host: 'localhost',
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
    };
    const sent = request({ socketPath, path, method: 'PUT', headers, agent: false }, (response) => {
      response.resume();
      response.once('close', () => resolve(response.complete ? response.statusCode : undefined));
    });
    sent.once('error', () => resolve(undefined));
    sent.end(text);
  });
}
