import type { ChildProcess } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { ended, killGroup, type RunOptions, start } from './processes.ts';
import { until } from './until.ts';

/** A program that runs at a terminal of its own. */
export interface Terminal {
  /** All that was shown so far, escapes taken out. */
  screen(): string;
  /** Types, as a person would. */
  type(keys: string): void;
  /** Waits until the screen holds the text. */
  sees(text: string, limitMs?: number): Promise<void>;
  /** Resolves with the exit code. */
  readonly done: Promise<number | null>;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is taken out
const ESCAPES = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

/** What Enter sends. */
export const ENTER = '\r';

const PYTHON = `
import os, pty, sys
status = pty.spawn(sys.argv[1:])
sys.exit(os.waitstatus_to_exitcode(status))
`;

/** A terminal that is lent has no size at first. */
const SIZED = ['sh', '-c', 'stty cols 120 rows 40 && exec "$@"', 'sh'] as const;

/** The program that lends a terminal: python3, or script of util-linux. Throws where neither is there. */
function lender(command: string, args: readonly string[]): readonly [string, readonly string[]] {
  const has = (name: string, flag: string): boolean => spawnSync(name, [flag], { stdio: 'ignore' }).status === 0;
  if (has('python3', '--version')) return ['python3', ['-c', PYTHON, ...SIZED, command, ...args]];
  if (has('script', '--version')) {
    const quoted = [...SIZED, command, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    return ['script', ['--quiet', '--return', '--command', quoted, '/dev/null']];
  }
  throw new Error('neither python3 nor script is here to lend a terminal; install one of them');
}

/** Runs a program at a terminal. */
export function openTerminal(command: string, args: readonly string[], options: RunOptions = {}): Terminal {
  const [program, words] = lender(command, args);
  const child: ChildProcess = start(program, words, { ...options, env: { TERM: 'xterm', ...options.env } });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const screen = (): string => Buffer.concat(chunks).toString('utf8').replace(ESCAPES, '');
  const timer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), options.limitMs ?? 60_000);
  const done = ended(child).finally(() => clearTimeout(timer));
  return {
    screen,
    type: (keys) => void child.stdin?.write(keys),
    sees: async (text, limitMs = 30_000) => {
      await until(`the screen shows ${JSON.stringify(text)}`, () => screen().includes(text), limitMs).catch(
        (error: Error) => {
          throw new Error(`${error.message}; it shows\n${screen()}`);
        },
      );
    },
    done,
  };
}
