import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { findHome } from '../context.ts';
import { CliError } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';
import { hubLogPath } from './log.ts';
import { modeOf, type ServeOptions } from './options.ts';
import { DETACHED, type DetachedMessage } from './report-detached.ts';

const LAST_LINES = 20;
const TAIL_BYTES = 16 * 1024;

/** Starts the hub in the background, waits until its servers have settled, and tells where it is. */
export async function detach(options: ServeOptions): Promise<void> {
  modeOf(options);
  const log = hubLogPath(findHome(options));
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const begin = existsSync(log) ? statSync(log).size : 0;
  const child = startInBackground(log);
  const { url, failed } = await withProgress('starting the hub', () => readyOf(child, log, begin));
  child.unref();
  if (child.connected) child.disconnect();
  if (options.json) return printJson({ url, pid: child.pid, log, failed });
  print(`Hatago is up at ${url} (process ${child.pid})`);
  for (const { id, error } of failed) print(`  ${id}: ${error}`);
  print(`  log   ${log}`);
  print('  stop  hatago stop');
}

function startInBackground(log: string): ChildProcess {
  const args = process.argv.slice(2).filter((argument) => argument !== '--detach');
  const file = openSync(log, 'a', 0o600);
  try {
    return spawn(process.execPath, [...process.execArgv, process.argv[1] as string, ...args, '--mode', 'http'], {
      detached: true,
      stdio: ['ignore', file, file, 'ipc'],
      env: { ...process.env, [DETACHED]: '1' },
      windowsHide: true,
    });
  } finally {
    closeSync(file);
  }
}

interface Ready {
  readonly url: string;
  readonly failed: readonly { readonly id: string; readonly error: string }[];
}

function readyOf(child: ChildProcess, log: string, begin: number): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let url = '';
    child.on('message', (message) => {
      const said = message as DetachedMessage;
      if (said.event === 'listening') url = said.url;
      else resolve({ url, failed: said.failed });
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const lines = lastLines(log, begin);
      const how = code === null ? `was ended by ${signal}` : `ended with ${code}`;
      reject(new CliError(`the hub did not come up: it ${how}.\n${lines}\n(all of its log: ${log})`));
    });
  });
}

function lastLines(log: string, begin: number): string {
  const size = statSync(log).size;
  if (size < begin) return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  const from = Math.max(begin, size - TAIL_BYTES);
  const bytes = Buffer.alloc(size - from);
  const file = openSync(log, 'r');
  readSync(file, bytes, 0, bytes.length, from);
  closeSync(file);
  return bytes.toString('utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
}
