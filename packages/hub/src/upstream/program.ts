import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { buildEnvironment } from './environment.ts';
import { LinkError, type LinkFailure } from './link.ts';
import { howToInstall } from './runtimes.ts';
import { type SpawnCommand, toWindowsCommand } from './windows-command.ts';

/** A server that is a program. */
export interface StdioSpec {
  /** Run directly, never through a shell. */
  readonly command: string;
  readonly args?: readonly string[];
  /** Added to the minimal environment; `null` takes a variable away. */
  readonly env?: { readonly [name: string]: string | null };
  /** @default the hub's own */
  readonly cwd?: string;
}

/**
 * Starts a program in a process group of its own, with the minimal environment; it has no pid where it could not be
 * started, which {@link programRuns} tells.
 * @throws LinkError where the system refuses at once
 */
export function startProgram(
  spec: StdioSpec,
  inherited: { readonly [name: string]: string | undefined } = process.env,
): ChildProcess {
  const env = buildEnvironment({ inherited, declared: spec.env, platform: process.platform });
  const { file, args, verbatim } = commandOf(spec, env);
  try {
    return spawn(file, args, {
      cwd: spec.cwd,
      env,
      shell: false,
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      windowsVerbatimArguments: verbatim,
    });
  } catch (error) {
    // Some reasons are told by an event, others are thrown.
    throw new LinkError(whyNot(spec, error as NodeJS.ErrnoException), error);
  }
}

/** Resolves when a program that was started in this turn runs; rejects with a {@link LinkError} that says why it does not. */
export function programRuns(child: ChildProcess, spec: StdioSpec): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new LinkError(whyNot(spec, error), error)));
  });
}

function commandOf(spec: StdioSpec, env: Record<string, string>): SpawnCommand {
  if (process.platform !== 'win32') return { file: spec.command, args: spec.args ?? [], verbatim: false };
  const command = toWindowsCommand(spec.command, spec.args ?? [], { env });
  if (!command.ok) throw new LinkError({ kind: 'unsent', message: command.error });
  return command.value;
}

function whyNot({ command, cwd }: StdioSpec, error: NodeJS.ErrnoException): LinkFailure {
  const unsent = (message: string): LinkFailure => ({ kind: 'unsent', message });
  if (cwd !== undefined && !existsSync(cwd)) return unsent(`the working directory ${cwd} does not exist`);
  if (cwd !== undefined && !statSync(cwd).isDirectory()) return unsent(`the working directory ${cwd} is no directory`);
  if (error.code === 'ENOENT') return missing(command);
  if (error.code === 'EACCES') return unsent(`the command ${command} may not be run (permission denied)`);
  if (error.code === 'E2BIG') return unsent('the command line, with the environment, is too long for the system');
  return unsent(`the command ${command} could not be started (${error.code ?? error.message})`);
}

function missing(command: string): LinkFailure {
  return { kind: 'runtime', message: `the command ${command} was not found`, fix: howToInstall(command) };
}
