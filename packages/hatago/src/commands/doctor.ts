import { homeOf } from '@hatago/hub/control/find-config.ts';
import { loadTrusted } from '@hatago/hub/control/trust/load-trusted.ts';
import { coloursFor } from '../colours.ts';
import { findHome, type GlobalOptions, locateConfig, readOptionsOf } from '../context.ts';
import { connectControl } from '../control/client.ts';
import type { Check, Examined, Finding } from '../doctor/check.ts';
import { checkClients } from '../doctor/clients.ts';
import { checkConfiguration, checkEntries, checkSchema } from '../doctor/configuration.ts';
import { checkModes, checkNpxCache } from '../doctor/files.ts';
import { checkHub, checkPort, checkSockets } from '../doctor/hub.ts';
import { checkLeftovers } from '../doctor/leftovers.ts';
import { checkRuntimes } from '../doctor/runtimes.ts';
import { checkSecrets } from '../doctor/secrets.ts';
import { checkServers } from '../doctor/servers.ts';
import { checkDisk, checkNode } from '../doctor/system.ts';
import { EXIT } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';

/** Options of `hatago doctor`. */
export interface DoctorOptions extends GlobalOptions {
  readonly fix?: boolean;
  readonly crypto?: boolean;
  /** False with `--no-start`. */
  readonly start: boolean;
}

/** What is checked, in this order. */
const CHECKS: readonly (readonly [string, Check])[] = [
  ['Node', () => checkNode()],
  ['the disk', checkDisk],
  ['leftovers', checkLeftovers],
  ['the configuration', checkConfiguration],
  ['the schema', checkSchema],
  ['the entries', checkEntries],
  // What is mended before need not be told as a fault of the secrets too.
  ['permissions', checkModes],
  ['secrets', checkSecrets],
  ['the hub', checkHub],
  ['sockets', checkSockets],
  ['the port', checkPort],
  ['programs', checkRuntimes],
  ['the npx cache', checkNpxCache],
  ['the servers', checkServers],
  ['clients', checkClients],
];

/** A finding and, where it was mended, how. */
type Told = Omit<Finding, 'mend'> & { readonly mended?: string };

/** Checks everything and prints what is wrong, why, and what mends it; exit code 1 when anything is an error. */
export async function doctor(options: DoctorOptions): Promise<void> {
  const told = await withProgress('checking', async ({ say }) => {
    const found: Told[] = [];
    const examined = examine(options);
    for (const [name, check] of CHECKS) {
      say(`checking ${name}`);
      for (const finding of await settle(name, check, examined))
        found.push(await mendOne(finding, options.fix === true));
    }
    return found;
  });
  const errors = told.filter(({ level }) => level === 'error').length;
  if (errors > 0) process.exitCode = EXIT.failure;
  if (options.json) printJson({ ok: errors === 0, findings: told });
  else printFindings(told, options.fix === true);
}

function examine(options: DoctorOptions): Examined {
  const file = locateConfig(options);
  const home = file === undefined ? findHome(options) : homeOf(file, process.env);
  const loaded = file === undefined ? undefined : loadTrusted(file, process.env, readOptionsOf(options));
  return {
    cwd: process.cwd(),
    env: process.env,
    home,
    file,
    loaded: loaded?.ok ? loaded.value : undefined,
    faults: loaded === undefined || loaded.ok ? [] : loaded.error,
    hub: connectControl({ home, file }),
    mayStart: options.start,
    crypto: options.crypto === true,
  };
}

/** One check that breaks must not hide what the others say. */
async function settle(name: string, check: Check, examined: Examined): Promise<readonly Finding[]> {
  try {
    return await check(examined);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return [{ subject: name, level: 'error', message: 'this could not be checked', cause }];
  }
}

async function mendOne({ mend, ...finding }: Finding, isWanted: boolean): Promise<Told> {
  if (!isWanted || mend === undefined) return finding;
  try {
    const { fix: _, ...rest } = finding;
    return { ...rest, level: 'ok', mended: await mend() };
  } catch (error) {
    return { ...finding, cause: `it could not be mended: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function printFindings(findings: readonly Told[], isFixing: boolean): void {
  const pc = coloursFor(process.stdout);
  const signs = { ok: pc.green('✓'), warning: pc.yellow('!'), error: pc.red('✗') };
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  for (const { subject, level, message, cause, fix, mended } of findings) {
    print(`${signs[level]} ${subject.padEnd(width)}  ${message}`);
    const indent = ' '.repeat(width + 4);
    if (cause !== undefined) print(`${indent}${pc.dim('because')} ${cause}`);
    if (fix !== undefined) print(`${indent}${pc.dim('mend it')} ${fix}`);
    if (mended !== undefined) print(`${indent}${pc.dim('mended ')} ${mended}`);
  }
  const count = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length;
  const [errors, warnings] = [count('error'), count('warning')];
  print(
    `\n${errors === 0 && warnings === 0 ? 'All is well.' : `${errors} error${errors === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}.`}`,
  );
  const canMend = findings.some(({ fix }) => fix === 'hatago doctor --fix');
  if (canMend && !isFixing) print('`hatago doctor --fix` mends what can be mended without harm.');
}
