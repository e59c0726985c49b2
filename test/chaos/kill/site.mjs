import { existsSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SERVER = new URL('../../e2e/support/journal/main.mjs', import.meta.url).pathname;
const LEFTOVER = /\.(tmp|mark)$|^secrets\.json\.lock$/;
const POLL_MS = 5;

/** The files a hub and its commands work on, and what is known to be in them. */
export function createSite(folder) {
  const home = join(folder, '.hatago');
  const file = join(folder, 'hatago.config.json');
  const pids = join(folder, 'pids');
  const kept = new Map();
  let seen = 0;
  const server = (...more) => ({
    command: process.execPath,
    args: [
      SERVER,
      '--era',
      'legacy',
      '--transport',
      'stdio',
      '--journal',
      join(folder, 'journal'),
      '--pids',
      pids,
      ...more,
    ],
  });
  const servers = { quiet: server(), stubborn: server('--stubborn') };
  writeFileSync(file, JSON.stringify({ version: 2, mcpServers: servers }, null, 2));

  return {
    folder,
    home,
    file,
    kept,
    /** Environment of everything that runs here: nothing of it touches the user's own files. */
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      HOME: join(folder, 'user'),
      TMPDIR: join(folder, 'tmp'),
      HATAGO_KEYRING: 'off',
      HATAGO_LOG: 'json',
      HATAGO_HOME: home,
    },
    remember: (name, value) => kept.set(name, value),
    /** Files of writes that did not end and will not: a hub that has just started may be about to write. */
    temporaries: () =>
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((path) => LEFTOVER.test(path.split('/').at(-1) ?? '') && !isUnderWay(path)),
    /** The processes that servers of the hub started since the last look. */
    children() {
      const all = existsSync(pids) ? readFileSync(pids, 'utf8').split('\n').slice(0, -1).map(Number) : [];
      const fresh = all.slice(seen);
      seen = all.length;
      return fresh;
    },
    /** Resolves when that many signs of a write were seen among the files that match, or after the time. */
    signsOfWriting(pattern, count, limitMs) {
      return new Promise((resolve) => {
        let left = count;
        const watchers = [folder, home].filter((path) => existsSync(path)).map((path) => watch(path, notice));
        const timer = setTimeout(done, limitMs);
        function notice(_, name) {
          if (name !== null && pattern.test(name) && --left === 0) done();
        }
        function done() {
          clearTimeout(timer);
          for (const watcher of watchers) watcher.close();
          resolve(undefined);
        }
      });
    },
    /** Which of the processes live 2 s after the kill, and how long the others took. */
    async untilGone(processes, killedAt) {
      for (;;) {
        const alive = processes.filter(isAlive);
        const ms = performance.now() - killedAt;
        if (alive.length === 0 || ms > 2000) return { alive, lastMs: ms };
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    /** What is wrong with the configuration: it must be whole, and no older than the last write that was acknowledged. */
    checkConfig(round, acknowledged) {
      try {
        const { mcpServers, policy } = JSON.parse(readFileSync(file, 'utf8'));
        if (Object.keys(mcpServers).length !== 2) return [`round ${round}: the configuration lost a server`];
        const [inRound, write] = String(policy?.rules?.[0]?.id ?? '0-0')
          .split('-')
          .map(Number);
        if (acknowledged === 0 || (inRound === round && write >= acknowledged)) return [];
        return [
          `round ${round}: write ${acknowledged} of the configuration was acknowledged and is gone (${inRound}-${write})`,
        ];
      } catch (error) {
        return [`round ${round}: ${file} cannot be read: ${error.message}`];
      }
    },
  };
}

/** Whether somebody is writing it: the name of a temporary file tells whose it is. */
const isUnderWay = (path) => isAlive(Number(/\.(\d+)\.\d+\.tmp$/.exec(path)?.[1] ?? 0));

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    // One that has ended and waits for its parent is no process any more.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    return error.code === 'EPERM';
  }
}
