import { join } from 'node:path';
import type { ServiceSpec } from './spec.ts';

/** The line that tells a property list of ours from everybody else's. */
export const PLIST_MARK = '<!-- Written by `hatago service install`. -->';

/** The label of a service. */
export const labelOf = (name: string): string => `dev.hatago.${name}`;

/**
 * The text of a launch agent that begins at login and is started again when it fails.
 * @see launchd.plist(5)
 */
export function toLaunchdPlist({ name, command, folder, env, home }: ServiceSpec): string {
  const environment = Object.entries(env).map(([key, value]) => `    <key>${escapeXml(key)}</key>${string(value)}`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    PLIST_MARK,
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    '<dict>',
    `  <key>Label</key>${string(labelOf(name))}`,
    '  <key>ProgramArguments</key>',
    '  <array>',
    ...command.map((part) => `    ${string(part)}`),
    '  </array>',
    `  <key>WorkingDirectory</key>${string(folder)}`,
    '  <key>EnvironmentVariables</key>',
    '  <dict>',
    ...environment,
    '  </dict>',
    '  <key>RunAtLoad</key><true/>',
    '  <key>KeepAlive</key>',
    '  <dict><key>SuccessfulExit</key><false/></dict>',
    '  <key>ThrottleInterval</key><integer>10</integer>',
    `  <key>StandardErrorPath</key>${string(join(home, 'logs', 'service.log'))}`,
    '</dict>',
    '</plist>',
    '',
  ].join('\n');
}

const string = (text: string): string => `<string>${escapeXml(text)}</string>`;

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
