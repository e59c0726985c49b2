import { howToInstall, programOf } from '@hatago/hub/upstream/runtimes.ts';
import { runProgram } from '../run-program.ts';
import type { Check, Finding } from './check.ts';
import { findProgram } from './find-program.ts';

/** Whether the programs that servers are run with are there. */
export const checkRuntimes: Check = async ({ loaded, env, cwd }) => {
  const users = new Map<string, string[]>();
  for (const [id, { command, disabled }] of Object.entries(loaded?.config.mcpServers ?? {})) {
    if (command !== undefined && !disabled) users.set(command, [...(users.get(command) ?? []), id]);
  }
  const found = [...users].map(([command, ids]) => checkProgram(command, ids, findProgram(command, env, cwd)));
  return [...found, ...(await checkDaemons(users, env))];
};

function checkProgram(command: string, ids: readonly string[], path: string | undefined): Finding {
  const subject = `program ${programOf(command)}`;
  if (path !== undefined) return { subject, level: 'ok', message: path };
  const verb = ids.length === 1 ? 'needs' : 'need';
  return {
    subject,
    level: 'error',
    message: `${command} was not found, and ${ids.join(', ')} ${verb} it`,
    cause: 'it is not installed, or not in the PATH of this shell',
    fix: howToInstall(command),
  };
}

/** Docker and Podman are of no use while the service behind them does not run. */
async function checkDaemons(
  users: ReadonlyMap<string, readonly string[]>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Finding[]> {
  const engines = [...users.keys()].filter((command) => ['docker', 'podman'].includes(programOf(command)));
  const findings: Finding[] = [];
  for (const command of engines) {
    const { code, error, stderr } = await runProgram(command, ['info', '--format', '{{.ID}}'], {
      env,
      timeoutMs: 5000,
    });
    if (error === 'ENOENT' || code === 0) continue;
    findings.push({
      subject: `program ${programOf(command)}`,
      level: 'error',
      message: `${command} is there, but its service does not answer`,
      cause: stderr.trim().split('\n')[0] || 'it did not answer in five seconds',
      fix: `start ${command}`,
    });
  }
  return findings;
}
