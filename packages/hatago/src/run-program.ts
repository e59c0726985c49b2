import { spawn } from 'node:child_process';
import { toWindowsCommand } from '@hatago/hub/upstream/windows-command.ts';

/** How a program is run. */
export interface RunProgramOptions {
  /** @default the process's own */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** It is ended after this time, in milliseconds. @default 60000 */
  readonly timeoutMs?: number;
}

/** How a program ended; `code` is null where it was ended, or could not be started at all. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The system's reason, `ENOENT` above all, where it could not be started. */
  readonly error: string | undefined;
}

const MAX_OUTPUT = 16 * 1024 * 1024;

/** Runs a program to its end, never through a shell, and keeps what it says. Never rejects. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: RunProgramOptions = {},
): Promise<ProgramEnd> {
  const { env = process.env, cwd, timeoutMs = 60_000 } = options;
  const found =
    process.platform === 'win32'
      ? toWindowsCommand(command, args, { env })
      : { ok: true as const, value: { file: command, args, verbatim: false } };
  if (!found.ok) return Promise.resolve({ code: null, stdout: '', stderr: '', error: found.error });
  return new Promise((resolve) => {
    const { file, args: words, verbatim } = found.value;
    const child = spawn(file, words, {
      env,
      cwd,
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      windowsVerbatimArguments: verbatim,
    });
    // Not the option of `spawn`: its timer goes on where the program could not be started.
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const end = (how: ProgramEnd): void => {
      clearTimeout(timer);
      resolve(how);
    };
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (said[name].length < MAX_OUTPUT) said[name] += text;
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) =>
      end({ code: null, ...said, error: error.code ?? error.message }),
    );
    child.once('close', (code) => end({ code, ...said, error: undefined }));
  });
}
