import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** Ends the process groups of a hub that died without being able to do so itself. */
export interface ProcessGuard {
  /** Records a group; call it in the same turn in which the group was made. */
  add(pgid: number): void;
  /** Forgets a group that is gone. */
  remove(pgid: number): void;
  /** Ends the guard itself; groups still recorded are ended by it. */
  close(): void;
}

/**
 * Reads `+group` and `-group` lines. At the end of its input, which is the end of the hub in whatever way, it asks the
 * recorded groups to end, looks for a second by the clock whether they did, and kills the rest.
 */
const SCRIPT = `
trap '' INT TERM HUP QUIT
groups=
while read -r line; do
  case $line in
    +*) groups="$groups \${line#+}" ;;
    -*) left=; for g in $groups; do [ "$g" = "\${line#-}" ] || left="$left $g"; done; groups=$left ;;
  esac
done
[ -n "$groups" ] || exit 0
for g in $groups; do kill -TERM -"$g" 2>/dev/null; done
(sleep 1; for g in $groups; do kill -KILL -"$g" 2>/dev/null; done) &
killer=$!
while kill -0 $killer 2>/dev/null; do
  left=
  for g in $groups; do kill -0 -"$g" 2>/dev/null && left="$left $g"; done
  groups=$left
  [ -n "$groups" ] || break
  sleep 0.1 2>/dev/null || sleep 1
done
kill -KILL $killer 2>/dev/null
`;

const MAX_RESTARTS = 3;

/**
 * Makes the guard of one hub: a single small `sh` in a session of its own, started with the first group, that outlives
 * the hub by at most two seconds and does not keep it running. Without it a killed hub would leave behind every server
 * that ignores the end of its input.
 *
 * Windows has no process groups and no `sh`: there the guard does nothing, and servers are ended when the hub closes them
 * (`taskkill /T`), not when the hub itself is killed.
 */
export function createProcessGuard(platform: string = process.platform): ProcessGuard {
  const groups = new Set<number>();
  let child: ChildProcess | undefined;
  let restarts = 0;
  let closed = false;

  function start(): void {
    child = spawn('sh', ['-c', SCRIPT], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
      cwd: '/',
    });
    const started = child;
    // There is none when the process could not be started at all.
    const input = started.stdin as Socket | null | undefined;
    input?.on('error', () => {});
    input?.unref();
    started.unref();
    started.on('error', () => gone(started));
    started.on('exit', () => gone(started));
    for (const pgid of groups) input?.write(`+${pgid}\n`);
  }

  /** Somebody ended the guard: without another one the groups would be unguarded. */
  function gone(which: ChildProcess): void {
    if (child !== which) return;
    child = undefined;
    if (!closed && groups.size > 0 && restarts++ < MAX_RESTARTS) start();
  }

  // A write to a pipe with room is carried out before it returns, so the line is there even if the hub dies next.
  const tell = (line: string): void => {
    child?.stdin?.write(line);
  };

  return {
    add: (pgid) => {
      if (platform === 'win32' || closed || groups.has(pgid)) return;
      groups.add(pgid);
      if (child === undefined) start();
      else tell(`+${pgid}\n`);
    },
    remove: (pgid) => {
      if (groups.delete(pgid)) tell(`-${pgid}\n`);
    },
    close: () => {
      closed = true;
      child?.stdin?.end();
    },
  };
}
