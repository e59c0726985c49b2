import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CliError, EXIT } from '../exit.ts';
import { type ProgramEnd, runProgram } from '../run-program.ts';
import { labelOf, PLIST_MARK, toLaunchdPlist } from './launchd.ts';
import type { ServiceSpec } from './spec.ts';
import { toSystemdUnit, UNIT_MARK } from './systemd.ts';

/** What starts programs at login on this system. */
export interface ServiceManager {
  readonly kind: 'systemd' | 'launchd';
  /** The file that describes the service of that name. */
  fileOf(name: string): string;
  /** Stands in every file of ours. */
  readonly mark: string;
  toText(spec: ServiceSpec): string;
  /** Reads the file, starts the service, and has it started at every login. */
  enable(name: string): Promise<void>;
  /** Stops it; it is not started again. */
  disable(name: string): Promise<void>;
  /** Forgets a file that was removed. */
  forget(): Promise<void>;
  /** In the system's own word. */
  stateOf(name: string): Promise<{ readonly isRunning: boolean; readonly state: string }>;
}

const INSTEAD = 'Run `hatago serve --detach` when you log in instead.';

/** The manager of this system; an error that says what to do where there is none. */
export function findServiceManager(platform: NodeJS.Platform = process.platform): ServiceManager {
  if (platform === 'linux') return systemd();
  if (platform === 'darwin') return launchd();
  throw new CliError(`services are for systemd and launchd; this system (${platform}) has neither. ${INSTEAD}`);
}

function systemd(): ServiceManager {
  const config = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  const unit = (name: string): string => `${name}.service`;
  const systemctl = (...args: string[]): Promise<ProgramEnd> => runProgram('systemctl', ['--user', ...args]);
  const must = async (...args: string[]): Promise<void> => {
    const end = await systemctl(...args);
    if (end.error === 'ENOENT') throw new CliError(`there is no systemctl here, so no systemd. ${INSTEAD}`);
    if (end.code !== 0) throw failed(`systemctl --user ${args.join(' ')}`, end);
  };
  return {
    kind: 'systemd',
    fileOf: (name) => join(config, 'systemd', 'user', unit(name)),
    mark: UNIT_MARK,
    toText: toSystemdUnit,
    async enable(name) {
      await must('daemon-reload');
      await must('enable', unit(name));
      await must('restart', unit(name));
    },
    disable: (name) => must('disable', '--now', unit(name)),
    forget: () => must('daemon-reload'),
    async stateOf(name) {
      const end = await systemctl('is-active', unit(name));
      const state = end.stdout.trim() || (end.error === 'ENOENT' ? 'no systemd' : 'unknown');
      return { isRunning: state === 'active', state };
    },
  };
}

function launchd(): ServiceManager {
  const domain = `gui/${process.getuid?.() ?? 0}`;
  const fileOf = (name: string): string => join(homedir(), 'Library', 'LaunchAgents', `${labelOf(name)}.plist`);
  const launchctl = (...args: string[]): Promise<ProgramEnd> => runProgram('launchctl', args);
  return {
    kind: 'launchd',
    fileOf,
    mark: PLIST_MARK,
    toText: toLaunchdPlist,
    async enable(name) {
      // One that is loaded cannot be loaded again.
      await launchctl('bootout', `${domain}/${labelOf(name)}`);
      const end = await launchctl('bootstrap', domain, fileOf(name));
      if (end.code !== 0) throw failed(`launchctl bootstrap ${domain}`, end);
    },
    async disable(name) {
      const end = await launchctl('bootout', `${domain}/${labelOf(name)}`);
      if (end.code !== 0 && existsSync(fileOf(name)) && !/No such process/.test(end.stderr)) {
        throw failed(`launchctl bootout ${domain}/${labelOf(name)}`, end);
      }
    },
    forget: async () => {},
    async stateOf(name) {
      const end = await launchctl('print', `${domain}/${labelOf(name)}`);
      const state = /^\s*state = (.+)$/m.exec(end.stdout)?.[1] ?? 'not loaded';
      return { isRunning: state === 'running', state };
    },
  };
}

function failed(what: string, { stderr, error, code }: ProgramEnd): CliError {
  const why = stderr.trim() || error || `it ended with ${code}`;
  return new CliError(`\`${what}\` failed: ${why}\n${INSTEAD}`, EXIT.failure);
}
