import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeAtomically } from '@hatago/hub/storage/atomic-write.ts';
import type { GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { print, printJson, tell } from '../output.ts';
import { withProgress } from '../progress.ts';
import { findServiceManager, type ServiceManager } from '../service/manager.ts';
import { isFleeting, type ServiceOptions, toServiceSpec } from '../service/spec.ts';
import { hubLogPath } from '../serving/log.ts';

/** Options of `hatago service install`. */
export interface InstallOptions extends GlobalOptions, ServiceOptions {
  readonly print?: boolean;
  readonly force?: boolean;
}

/** Has the system start the hub at login, and now. */
export async function installService(options: InstallOptions): Promise<void> {
  const manager = findServiceManager();
  const script = process.argv[1] as string;
  const spec = toServiceSpec(options, { cwd: process.cwd(), env: process.env, node: process.execPath, script });
  const text = manager.toText(spec);
  if (options.print) return void process.stdout.write(text);
  const file = manager.fileOf(spec.name);
  if (!options.force) refuseForeign(manager, file);
  if (isFleeting(spec)) {
    tell(
      'hatago runs from the cache of npx, which may be emptied: `npm install -g hatago`, then install the service again',
    );
  }
  mkdirSync(dirname(hubLogPath(spec.home)), { recursive: true, mode: 0o700 });
  writeAtomically(file, text, { mode: 0o644 });
  await withProgress('starting the service', () => manager.enable(spec.name));
  if (options.json) return printJson({ file, name: spec.name, manager: manager.kind });
  print(`The hub is a service now: ${spec.command.slice(2).join(' ')}`);
  print(`  file    ${file}`);
  print(`  state   hatago service status${nameOption(spec.name)}`);
  print(`  undo    hatago service uninstall${nameOption(spec.name)}`);
  if (manager.kind === 'systemd') print('  It ends when you log out; `loginctl enable-linger` keeps it.');
}

/** Undoes what {@link installService} did. */
export async function uninstallService(options: GlobalOptions & { name: string; force?: boolean }): Promise<void> {
  const manager = findServiceManager();
  const file = manager.fileOf(options.name);
  if (!existsSync(file)) throw notInstalled(options.name, file);
  if (!options.force) refuseForeign(manager, file);
  await withProgress('stopping the service', () => manager.disable(options.name));
  rmSync(file, { force: true });
  await manager.forget();
  if (options.json) return printJson({ file, name: options.name, removed: true });
  print(`The service is gone: ${file}`);
}

/** Tells whether the service is installed and runs; exit code 4 when it is not installed, 3 when it does not run. */
export async function serviceStatus(options: GlobalOptions & { name: string }): Promise<void> {
  const manager = findServiceManager();
  const file = manager.fileOf(options.name);
  if (!existsSync(file)) throw notInstalled(options.name, file);
  const { isRunning, state } = await manager.stateOf(options.name);
  const isOurs = readFileSync(file, 'utf8').includes(manager.mark);
  if (options.json)
    printJson({ name: options.name, file, manager: manager.kind, state, running: isRunning, ours: isOurs });
  else {
    print(`${options.name}: ${state}`);
    print(`  file   ${file}${isOurs ? '' : ' (not written by hatago)'}`);
  }
  if (!isRunning) process.exitCode = EXIT.noHub;
}

function refuseForeign(manager: ServiceManager, file: string): void {
  if (!existsSync(file) || readFileSync(file, 'utf8').includes(manager.mark)) return;
  throw new CliError(
    `${file} was not written by hatago, so it is left alone; choose another --name, or overwrite it with --force`,
    EXIT.denied,
  );
}

function notInstalled(name: string, file: string): CliError {
  const how = `\`hatago service install${nameOption(name)}\``;
  return new CliError(`there is no service ${JSON.stringify(name)} (no ${file}); make it with ${how}`, EXIT.notFound);
}

const nameOption = (name: string): string => (name === 'hatago' ? '' : ` --name ${name}`);
