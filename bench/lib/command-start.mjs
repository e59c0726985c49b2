// How long the command line takes to start, told by the wall clock beside a bare Node process.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { NODES, nodeBinary } from '../../scripts/lib/nodes.mjs';
import { freePort } from './ready.mjs';
import { median, round } from './stats.mjs';

const PROBES = 15;
const STARTS = 5;
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

async function serveEmpty(bin, dir, port, node = process.execPath) {
  const file = path.join(dir, 'empty.json');
  writeFileSync(file, '{"version":2,"mcpServers":{}}');
  const env = { ...process.env, HATAGO_HOME: path.join(dir, 'home'), HATAGO_LOG_LEVEL: 'error' };
  const options = { cwd: dir, env, stdio: 'ignore' };
  const serve = ['serve', '--http', '--port', String(port), '--config', file];
  const startedAt = performance.now();
  const child = spawn(node, [bin, ...serve], options);
  await untilReady(port, child);
  return { child, readyMs: performance.now() - startedAt, file, options };
}

async function stopped(child) {
  const over = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await over;
}

/** How long `serve` without servers takes to its first answer, in milliseconds; what it compiles is there from earlier. */
async function emptyReadyMs(bin, dir, node) {
  const readyMs = [];
  for (let i = 0; i < STARTS + 1; i++) {
    const served = await serveEmpty(bin, dir, await somePort(), node);
    if (i > 0) readyMs.push(served.readyMs);
    // The first one leaves the code it has compiled.
    await stopped(served.child);
  }
  return round(median(readyMs), 0);
}

const somePort = () => freePort(24_000 + Math.floor(Math.random() * 3000));

/** Measures how fast the commands of `bin` start; `dir` is a scratch directory. */
export async function measureCommands(bin, dir) {
  const emptyMs = await emptyReadyMs(bin, dir, process.execPath);
  const empty24Ms = await emptyReadyMs(bin, dir, nodeBinary(NODES[24]));
  const live = await serveEmpty(bin, dir, await somePort());
  try {
    const against = (command) => timesNode([bin, command, '--config', live.file], live.options);
    return {
      versionTimes: await timesNode([bin, '--version'], live.options),
      statusTimes: await against('status'),
      listTimes: await against('list'),
      emptyReadyMs: emptyMs,
      emptyReadyMs24: empty24Ms,
    };
  } finally {
    await stopped(live.child);
  }
}
