import type { TrustState } from '@hatago/hub/control/trust/trust-states.ts';
import { visible, visibleCommand } from '@hatago/hub/control/trust/visible.ts';
import type { coloursFor } from '../colours.ts';

/** Everything a server would run and get, in full, with nothing hidden in it; lines for a terminal. */
export function showLaunch(state: TrustState, colours: ReturnType<typeof coloursFor>): string[] {
  const { id, file, launch, changes } = state;
  const { command, args, cwd, env, url, headers, given, secrets } = launch;
  const rows: [string, string][] = [];
  if (command !== null) rows.push(['command', visibleCommand([command, ...args])]);
  if (cwd !== null) rows.push(['runs in', visible(cwd)]);
  if (url !== null) rows.push(['address', visible(url)]);
  if (env.length > 0) rows.push(['variables', env.map(visible).join(', ')]);
  if (headers.length > 0) rows.push(['headers', headers.map(visible).join(', ')]);
  if (given.length > 0) rows.push(['gets', given.map((name) => `\${${visible(name)}}`).join(', ')]);
  if (secrets.length > 0) rows.push(['secrets', secrets.map(visible).join(', ')]);
  const width = 11;
  return [
    `${colours.bold(id)}  ${colours.dim(`from ${visible(file)}`)}`,
    ...rows.map(([what, text]) => `  ${what.padEnd(width)}${text}`),
    ...changes.map((change) => `  ${colours.yellow('changed'.padEnd(width))}${change}`),
  ];
}
