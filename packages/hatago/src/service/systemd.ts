import type { ServiceSpec } from './spec.ts';

/** The line that tells a unit of ours from everybody else's. */
export const UNIT_MARK = '# Written by `hatago service install`.';

/**
 * The text of a user unit. A hub that cannot be started as it is configured is not started again and again.
 * @see systemd.service(5), systemd.exec(5)
 */
export function toSystemdUnit({ command, folder, env }: ServiceSpec): string {
  const environment = Object.entries(env).map(([key, value]) => `Environment=${quote(`${key}=${value}`)}`);
  return [
    UNIT_MARK,
    '[Unit]',
    'Description=Hatago, every MCP server behind one endpoint',
    'StartLimitIntervalSec=60',
    'StartLimitBurst=5',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${command.map((part) => quote(part).replaceAll('$', '$$$$')).join(' ')}`,
    `WorkingDirectory=${escapePercent(folder)}`,
    ...environment,
    'Restart=on-failure',
    'RestartSec=2',
    'RestartPreventExitStatus=2 4 78',
    'KillMode=mixed',
    'TimeoutStopSec=20',
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ].join('\n');
}

const escapePercent = (text: string): string => text.replaceAll('%', '%%');

function quote(text: string): string {
  if (/[\n\r]/.test(text)) throw new Error('a unit cannot hold a value with a line break');
  return `"${escapePercent(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
