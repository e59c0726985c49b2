import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '@hatago/protocol';
import type { Log } from '../core/log.ts';
import { sweepFolder, WRITE_DELAY_MS, writeAtomically } from '../storage/atomic-write.ts';
import type { Config } from './config.ts';
import type { GenerationRecord } from './control-plane.ts';
import { parseDocument } from './document.ts';
import type { Written } from './source.ts';

/** What is kept of one generation. */
export interface KeptGeneration {
  readonly record: GenerationRecord;
  /** Its configuration with everything masked that may hold a secret. */
  readonly config: Config;
  /** As it was written; kept over restarts where it holds no secret itself, only references. */
  readonly written: Written | undefined;
  /** Keyed hash of the configuration as it is; undefined where an older hub kept it. */
  readonly print?: string | undefined;
}

/** The accepted configurations of a hub, over restarts. */
export interface History {
  /** What was kept by the runs before this one, newest first. */
  readonly earlier: readonly KeptGeneration[];
  /** Keeps a generation, or what has become of one, within a moment; the oldest ones are dropped. */
  put(generation: KeptGeneration): void;
  /** Writes what is not written yet. */
  flush(): Promise<void>;
}

/** Options of {@link openHistory}. */
export interface HistoryOptions {
  /** State directory of the hub. @default nothing is kept */
  readonly home: string | undefined;
  /** Most generations that are kept. */
  max(): number;
  readonly log: Log;
}

const FORMAT = 1;
const NAME = /^(\d{1,9})\.json$/;

/** Reads what was kept in `<home>/generations`; a file that cannot be read is left out, and nothing is ever thrown. */
export function openHistory({ home, max, log }: HistoryOptions): History {
  if (home === undefined) return { earlier: [], put: () => {}, flush: async () => {} };
  const folder = join(home, 'generations');
  const idsOf = (): number[] =>
    listOf(folder)
      .map((name) => Number(NAME.exec(name)?.[1] ?? 0))
      .filter((id) => id > 0)
      .sort((a, b) => b - a);
  const ids = idsOf();
  if (ids.length > 0) sweepFolder(folder);
  const pending = new Map<number, KeptGeneration>();
  let timer: NodeJS.Timeout | undefined;
  const write = async ({ record, config, written, print }: KeptGeneration): Promise<void> => {
    try {
      const isKept = written !== undefined && (await holdsNoSecret(written));
      const text = JSON.stringify({ format: FORMAT, record, config, print, ...(isKept ? { written } : {}) }, null, 2);
      writeAtomically(join(folder, `${record.id}.json`), `${text}\n`);
    } catch (error) {
      const message = `generation ${record.id} could not be kept: ${(error as Error).message}`;
      log({ level: 'warn', event: 'generation.not_kept', message });
    }
  };
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const all = [...pending.values()];
    pending.clear();
    for (const one of all) await write(one);
    for (const old of idsOf().slice(max())) rmSync(join(folder, `${old}.json`), { force: true });
  };
  return {
    earlier: ids.map((id) => read(join(folder, `${id}.json`))).filter((kept) => kept !== undefined),
    put(generation) {
      pending.set(generation.record.id, generation);
      // What changes until then is written once: the swap of a generation does not wait for a disk.
      timer ??= setTimeout(() => void flush(), WRITE_DELAY_MS).unref();
    },
    flush,
  };
}

/** Whether a text has references in every place that may hold a secret. */
async function holdsNoSecret({ file, text }: Written): Promise<boolean> {
  const { maskConfig } = await import('./mask-config.ts');
  const document = parseDocument(text, file);
  if (!document.ok) return false;
  const { value } = document.value;
  return JSON.stringify(maskConfig(value)) === JSON.stringify(value);
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): KeptGeneration | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (!isRecord(value) || value['format'] !== FORMAT || !isRecord(value['record']) || !isRecord(value['config'])) {
      return undefined;
    }
    const record = value['record'] as unknown as GenerationRecord;
    // Whatever it was when its hub ended, nothing of it runs now.
    const state = record.state === 'failed' ? 'failed' : 'retired';
    const written = isRecord(value['written']) ? (value['written'] as unknown as Written) : undefined;
    const config = value['config'] as unknown as Config;
    const print = typeof value['print'] === 'string' ? value['print'] : undefined;
    return { record: { ...record, state, sessions: 0, calls: 0 }, config, written, print };
  } catch {
    return undefined;
  }
}
