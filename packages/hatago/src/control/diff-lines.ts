import type { GenerationDiff } from '@hatago/hub/control/control-plane.ts';
import { coloursFor } from '../colours.ts';
import { clean } from '../output.ts';

/** A difference as lines: `+` what is new, `−` what is gone, `~` what changed and in what. */
export function diffLines({ added, removed, changed, adjusted, settings }: GenerationDiff): string[] {
  const pc = coloursFor(process.stdout);
  return [
    ...added.map((id) => pc.green(`+ ${clean(id)}`)),
    ...removed.map((id) => pc.red(`− ${clean(id)}`)),
    ...changed.map(({ server, keys }) => pc.yellow(`~ ${clean(server)}  (${keys.map(clean).join(', ')})`)),
    ...adjusted.map(({ server, keys }) => pc.yellow(`~ ${clean(server)}  (${keys.map(clean).join(', ')}; it goes on)`)),
    ...settings.map((key) => pc.yellow(`~ ${clean(key)}`)),
  ];
}
