import { createHmac } from 'node:crypto';
import type { HubEvents } from '../core/hub-event.ts';
import type { BuiltGeneration } from './build.ts';
import type { Config } from './config.ts';
import type { GenerationDiff, GenerationRecord } from './control-plane.ts';
import type { History } from './history.ts';
import { maskValues } from './mask-values.ts';
import { hashOf, planChange } from './plan.ts';
import type { Written } from './source.ts';

/** What is known of the generations of this run and of earlier ones. */
export interface Ledger {
  /** Gives a configuration its number; that of the last run where it is still the same. */
  add(config: Config, made: Made): number;
  /** Remembers the running form of a generation, for its counts. */
  built(id: number, generation: BuiltGeneration): void;
  /** A failed generation stays failed, whatever becomes of it. */
  set(id: number, state: GenerationRecord['state'], error?: string): void;
  record(id: number): GenerationRecord | undefined;
  /** Newest first. */
  records(): readonly GenerationRecord[];
  /** The configuration of a generation of this run, while it is kept. */
  configOf(id: number): Config | undefined;
  /** As it was written, where that is kept. */
  writtenOf(id: number): Written | undefined;
  /** The id of the newest generation before this one that has not failed and can be gone back to. */
  lastGood(before: number): number | undefined;
  diff(from: number, to: number): GenerationDiff | undefined;
  /** Hash of a configuration, secrets left out. */
  hashOf(config: Config): string;
}

/** How a configuration came to be. */
export interface Made {
  readonly origin: GenerationRecord['origin'];
  readonly diff: GenerationDiff;
  /** What it was read from. */
  readonly written: Written | undefined;
}

/** Options of {@link createLedger}. */
export interface LedgerOptions {
  readonly history: History;
  readonly events: HubEvents;
  /** Key of the masks of what may be a secret. */
  readonly maskKey: Uint8Array;
  readonly folder: string;
  /** Most configurations kept in memory besides those that run. */
  max(): number;
  /** Milliseconds of the epoch. */
  now(): number;
}

interface Entry {
  record: GenerationRecord;
  readonly masked: Config;
  print: string | undefined;
  readonly written: Written | undefined;
  config: Config | undefined;
  generation: BuiltGeneration | undefined;
}

const MAX_RECORDS = 100;
const HASH_LENGTH = 16;

/** Makes the ledger of one hub; every change of a generation's state is told as an event and written down. */
export function createLedger(options: LedgerOptions): Ledger {
  const { history, events, maskKey, folder, now } = options;
  const entries: Entry[] = history.earlier.map(({ record, config, written, print }) => ({
    record,
    masked: config,
    print,
    written,
    config: undefined,
    generation: undefined,
  }));
  const find = (id: number): Entry | undefined => entries.find(({ record }) => record.id === id);
  const hash = (masked: Config): string => hashOf(masked).slice(0, HASH_LENGTH);

  const forget = (): void => {
    const kept = entries.filter(({ config, generation }) => config !== undefined && generation === undefined);
    for (const entry of kept.slice(options.max())) entry.config = undefined;
    if (entries.length > MAX_RECORDS) entries.length = MAX_RECORDS;
  };
  const shown = ({ record, generation }: Entry): GenerationRecord => ({
    ...record,
    sessions: generation === undefined || generation.over ? 0 : generation.holds.sessions,
    calls: generation === undefined ? 0 : callsOf(generation),
  });

  return {
    add(config, { origin, diff, written }) {
      const last = entries[0];
      const print = printOf(config, maskKey);
      // Most starts are with the configuration of the last run, and are told by one hash instead of one for each value.
      const isLast = last?.print === print;
      const masked = isLast ? last.masked : maskValues(config, maskKey);
      const known = isLast ? last.record.hash : hash(masked);
      const fresh = { hash: known, createdAt: new Date(now()).toISOString(), origin, diff, error: undefined };
      const servers = Object.keys(config.mcpServers).filter((id) => config.mcpServers[id]?.disabled !== true);
      if (origin === 'start' && last?.record.hash === known && last.record.state !== 'failed') {
        last.record = { ...last.record, ...fresh, servers, state: 'warming' };
        last.config = config;
        last.print = print;
        return last.record.id;
      }
      const id = (last?.record.id ?? 0) + 1;
      const record: GenerationRecord = { id, ...fresh, servers, state: 'warming', sessions: 0, calls: 0 };
      entries.unshift({ record, masked, print, written, config, generation: undefined });
      events.emit({ type: 'generation', generation: id, state: 'warming', message: undefined });
      return id;
    },
    built(id, generation) {
      const entry = find(id);
      if (entry !== undefined) entry.generation = generation;
    },
    set(id, state, error) {
      const entry = find(id);
      if (entry === undefined) return;
      const isKept = entry.record.state === 'failed' && state !== 'active';
      entry.record = { ...entry.record, state: isKept ? 'failed' : state, error: error ?? entry.record.error };
      if (state === 'retired' || state === 'failed') {
        if (state === 'retired') entry.generation = undefined;
        forget();
      }
      events.emit({ type: 'generation', generation: id, state, message: error });
      const { record, masked, written, print } = entry;
      if (state === 'active' || state === 'failed') history.put({ record, config: masked, written, print });
    },
    record: (id) => {
      const entry = find(id);
      return entry && shown(entry);
    },
    records: () => entries.map(shown),
    configOf: (id) => find(id)?.config,
    writtenOf: (id) => find(id)?.written,
    lastGood: (before) =>
      entries.find(
        ({ record, config, written }) =>
          record.id < before && record.state !== 'failed' && (config ?? written) !== undefined,
      )?.record.id,
    diff(from, to) {
      const a = find(from);
      const b = find(to);
      if (a === undefined || b === undefined) return undefined;
      return planChange(a.masked, b.masked, folder);
    },
    hashOf: (config) => hash(maskValues(config, maskKey)),
  };
}

/** Tells a configuration from every other, secrets included, and gives none of them away. */
function printOf(config: Config, key: Uint8Array): string {
  return createHmac('sha256', key).update('hatago config').update(JSON.stringify(config)).digest('hex');
}

function callsOf(generation: BuiltGeneration): number {
  const parked = generation.upstreams.reduce((sum, upstream) => sum + (upstream.parked ?? 0), 0);
  return generation.running() + Math.max(generation.holds.waiting, parked);
}
