import { dirname, resolve } from 'node:path';
import { err, isRecord, ok, type Result } from '@hatago/protocol';
import { parseDocument } from './document.ts';
import { adaptDocument } from './formats.ts';
import type { Layer } from './layer.ts';
import { fromHome } from './paths.ts';
import { readSource } from './read-source.ts';
import { withSafeIds } from './safe-ids.ts';
import { type Fault, formatFault } from './source-document.ts';

/** The files of a configuration, those that win first. */
export interface Layers {
  readonly layers: readonly Layer[];
  readonly warnings: readonly string[];
}

/** What is known while files are read. */
export interface ReadContext {
  /** Whether a file came with a project. */
  isProject(file: string): boolean;
  /** Takes down every file that is read, or would be if it were there. */
  saw(file: string): void;
  /** Taken for the text of this file, whatever stands in it. */
  readonly instead?: { readonly file: string; readonly text: string };
}

const MAX_LEVELS = 10;
const MAX_FILES = 64;
const MAX_INSTRUCTIONS = 65_536;

/** Reads a file and what it extends; the error has one line for each fault. */
export function readLayers(file: string, context: ReadContext): Result<Layers, readonly string[]> {
  const state = { layers: [] as Layer[], warnings: [] as string[], context };
  const faults = descend(resolve(file), [], undefined, state);
  return faults.length > 0 ? err(faults) : ok({ layers: state.layers, warnings: state.warnings });
}

interface State {
  readonly layers: Layer[];
  readonly warnings: string[];
  readonly context: ReadContext;
}

/** Puts a file and all below it into the state, uppermost first; returns the faults. */
function descend(
  file: string,
  above: readonly string[],
  from: ((message: string) => Fault) | undefined,
  state: State,
): readonly string[] {
  const refuse = (message: string): string[] => [
    from === undefined ? `${file}: ${message}` : formatFault(from(message)),
  ];
  if (above.includes(file)) return refuse(`extends itself: ${[...above.slice(above.indexOf(file)), file].join(' → ')}`);
  if (above.length > MAX_LEVELS) return refuse(`extends more than ${MAX_LEVELS} levels deep`);
  if (state.layers.length >= MAX_FILES) return refuse(`extends more than ${MAX_FILES} files`);
  const { context } = state;
  context.saw(file);
  const text = context.instead?.file === file ? ok(context.instead.text) : readSource(file);
  if (!text.ok)
    return from === undefined ? refuse(`${text.error}${hintFor(text.error)}`) : refuse(`${file}: ${text.error}`);
  const document = parseDocument(text.value, file);
  if (!document.ok) return document.error.map(formatFault);
  const adapted = adaptDocument(document.value.value, file);
  if (!isRecord(adapted.value)) return [formatFault(document.value.locate({ path: [], message: 'expected object' }))];
  const safe = withSafeIds(adapted.value);
  const locate: Layer['locate'] = ({ path, message }) =>
    document.value.locate({ path: adapted.toSource(safe.toSource(path)), message });
  const instructed = readInstructions(safe.value, dirname(file), context);
  if (instructed.faults.length > 0) return instructed.faults.map((issue) => formatFault(locate(issue)));
  state.warnings.push(...[...adapted.warnings, ...safe.warnings].map((warning) => `${file}: ${warning}`));
  const { extends: bases, ...value } = instructed.value;
  state.layers.push({ file, value, project: context.isProject(file), locate });
  return followBases(bases, { file, above: [...above, file], locate, state });
}

const hintFor = (why: string): string =>
  why.startsWith('there is no') ? '; name another with --config, or run `hatago init` to make one' : '';

interface Followed {
  readonly file: string;
  readonly above: readonly string[];
  readonly locate: Layer['locate'];
  readonly state: State;
}

function followBases(bases: unknown, { file, above, locate, state }: Followed): readonly string[] {
  if (bases === undefined || bases === null) return [];
  const list = Array.isArray(bases) ? bases : [bases];
  // A later base wins over an earlier one, so it is put higher.
  for (let i = list.length - 1; i >= 0; i--) {
    const base: unknown = list[i];
    const from = (message: string): Fault =>
      locate({ path: Array.isArray(bases) ? ['extends', i] : ['extends'], message });
    if (typeof base !== 'string' || base === '') return [formatFault(from('expected a path'))];
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(base)) {
      return [formatFault(from(`only local files can be extended, not ${JSON.stringify(base)}`))];
    }
    const faults = descend(resolve(dirname(file), fromHome(base)), above, from, state);
    if (faults.length > 0) return faults;
  }
  return [];
}

/** Puts the texts of `instructions: { file }` where they are named. */
function readInstructions(
  value: Record<string, unknown>,
  folder: string,
  context: ReadContext,
): { value: Record<string, unknown>; faults: { path: string[]; message: string }[] } {
  const faults: { path: string[]; message: string }[] = [];
  if (!isRecord(value['mcpServers'])) return { value, faults };
  const servers = Object.entries(value['mcpServers']).map(([id, server]) => {
    const named = isRecord(server) ? server['instructions'] : undefined;
    if (!isRecord(server) || !isRecord(named) || typeof named['file'] !== 'string') return [id, server] as const;
    const file = resolve(folder, fromHome(named['file']));
    context.saw(file);
    const text = readSource(file);
    const wrong = text.ok ? (text.value.length > MAX_INSTRUCTIONS ? 'is larger than 64 KiB' : undefined) : text.error;
    if (wrong !== undefined)
      faults.push({ path: ['mcpServers', id, 'instructions', 'file'], message: `${file}: ${wrong}` });
    return [id, { ...server, instructions: text.ok ? text.value.trim() : '' }] as const;
  });
  return { value: { ...value, mcpServers: Object.fromEntries(servers) }, faults };
}
