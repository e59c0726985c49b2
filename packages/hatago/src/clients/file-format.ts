import type { Result } from '@hatago/protocol';
import type { FileFormat } from './client.ts';

/** Where one entry stands in a document: the record's member names, and the entry's own. */
export interface EntryPlace {
  readonly path: readonly string[];
  readonly key: string;
}

/** Reads one syntax, and changes one entry in a text of it without touching the rest. */
export interface TextFormat {
  /** The document; faults as `line:column: message`. An empty text is an empty document. */
  parse(text: string): Result<unknown, readonly string[]>;
  /** The text with the entry added, or replaced where it is there. */
  set(text: string, place: EntryPlace, value: Readonly<Record<string, unknown>>): Result<string, string>;
  /** The text without the entry; `emptied` takes the record around it too when nothing is left in it. */
  remove(text: string, place: EntryPlace, options?: { readonly emptied?: boolean }): Result<string, string>;
}

/** The means for a syntax; loaded when they are needed, for each brings a parser. */
export async function openFormat(format: FileFormat): Promise<TextFormat> {
  if (format === 'toml') return (await import('./edit-toml.ts')).toml;
  if (format === 'yaml') return (await import('./edit-yaml.ts')).yaml;
  return (await import('./edit-json.ts')).json;
}
