import type { GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';

/** Options of `hatago serve`. */
export interface ServeOptions extends GlobalOptions {
  readonly http?: boolean;
  readonly stdio?: boolean;
  readonly mode?: 'stdio' | 'http';
  readonly host?: string;
  readonly port?: number;
  readonly tags: readonly string[];
  readonly envFile: readonly string[];
  readonly envOverride?: boolean;
  /** `--watch` or `--no-watch`; undefined = as the configuration says. */
  readonly watch?: boolean;
  readonly detach?: boolean;
  readonly demo?: boolean;
  readonly allowUnauthenticatedNetwork?: boolean;
}

/** How clients reach the hub: as asked for, else HTTP on a terminal and stdio on a pipe. */
export function modeOf({ http, stdio, mode, detach }: ServeOptions): 'http' | 'stdio' {
  const asked = new Set([http ? 'http' : undefined, stdio ? 'stdio' : undefined, mode, detach ? 'http' : undefined]);
  if (asked.has('http') && asked.has('stdio')) {
    throw new CliError(
      detach
        ? '--detach serves HTTP: it has no stdin and stdout to speak over'
        : '--http and --stdio exclude each other',
      EXIT.usage,
    );
  }
  if (asked.has('http')) return 'http';
  return asked.has('stdio') || !process.stdout.isTTY ? 'stdio' : 'http';
}
