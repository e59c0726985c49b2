// How long the command line takes to start, told by the wall clock beside a bare Node process.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { freePort } from './ready.mjs';
import { median, round } from './stats.mjs';

const PROBES = 15;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function wallMs(args, options) {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'ignore', ...options });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(performance.now() - startedAt);
      else reject(new Error(`${args.join(' ')} ended with ${code}`));
    });
  });
}

/** Times a command and a bare Node in turns; resolves with the ratio of their medians. */
async function timesNode(args, options) {
  const bare = [];
  const own = [];
  await wallMs(args, options);
  for (let i = 0; i < PROBES; i++) {
    bare.push(await wallMs(['-e', '0'], options));
    own.push(await wallMs(args, options));
  }
  return round(median(own) / median(bare), 2);
}

const isReady = (port) =>
  new Promise((resolve) => {
    const request = http.get({ port, host: '127.0.0.1', path: '/readyz', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false));
  });

async function untilReady(port, child) {
  while (!(await isReady(port))) {
    if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}`);
    await sleep(4);
  }
}

async function serveEmpty(bin, dir, port) {
  const file = path.join(dir, 'empty.json');
  writeFileSync(file, '{"version":2,"mcpServers":{}}');
  const env = { ...process.env, HATAGO_HOME: path.join(dir, 'home'), HATAGO_LOG_LEVEL: 'error' };
  const options = { cwd: dir, env, stdio: 'ignore' };
  const serve = ['serve', '--http', '--port', String(port), '--config', file];
  const startedAt = performance.now();
  const child = spawn(process.execPath, [bin, ...serve], options);
  await untilReady(port, child);
  return { child, readyMs: performance.now() - startedAt, file, options };
}

async function stopped(child) {
  const over = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await over;
}

/** Measures how fast the commands of `bin` start; `dir` is a scratch directory. */
export async function measureCommands(bin, dir) {
  const readyMs = [];
  let port = 24_000 + Math.floor(Math.random() * 3000);
  for (let i = 0; i < 5; i++) {
    port = await freePort(port + 1);
    const served = await serveEmpty(bin, dir, port);
    readyMs.push(served.readyMs);
    await stopped(served.child);
  }
  port = await freePort(port + 1);
  const live = await serveEmpty(bin, dir, port);
  try {
    const against = (command) => timesNode([bin, command, '--config', live.file], live.options);
    return {
      versionTimes: await timesNode([bin, '--version'], live.options),
      statusTimes: await against('status'),
      listTimes: await against('list'),
      emptyReadyMs: round(median(readyMs), 0),
    };
  } finally {
    await stopped(live.child);
  }
}
