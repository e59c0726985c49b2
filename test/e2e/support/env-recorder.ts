import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scope } from './scope.ts';

/** A server that writes down every start of it, with the environment it got. */
export interface EnvRecorder {
  readonly entry: Record<string, unknown>;
  /** One per start, in order. */
  starts(): { readonly pid: number; readonly env: Readonly<Record<string, string>> }[];
}

const SCRIPT = fileURLToPath(new URL('./env-recorder.mjs', import.meta.url));

/** Prepares such a server, as an entry of the hub's configuration; `more` is laid over it. */
export function envRecorder(scope: Scope, more: Record<string, unknown> = {}): EnvRecorder {
  const file = join(scope.dir(), 'starts');
  return {
    entry: { command: process.execPath, args: [SCRIPT, file], ...more },
    starts: () => {
      try {
        const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
        return lines.map((line) => JSON.parse(line) as ReturnType<EnvRecorder['starts']>[number]);
      } catch {
        return [];
      }
    },
  };
}
