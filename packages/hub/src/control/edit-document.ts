import { err, ok, type Result } from '@hatago/protocol';
import { editJson } from './edit-json.ts';
import { editYaml } from './edit-yaml.ts';
import type { DocumentSyntax } from './syntax.ts';

/** One change of a document. */
export interface DocumentEdit {
  /** Names of members and indexes of items; what is missing on the way is made. An empty path is the whole document. */
  readonly path: readonly (string | number)[];
  /** The new value; undefined removes the member or item. */
  readonly value: unknown;
}

/**
 * Makes changes to the text of a document, one after the other, and keeps its comments, its indentation and its order;
 * the error says what cannot be changed.
 */
export function editDocument(
  text: string,
  edits: readonly DocumentEdit[],
  syntax: DocumentSyntax = 'jsonc',
): Result<string, string> {
  const bad = edits.flatMap(({ path }) => path).find((step) => step === '__proto__');
  if (bad !== undefined) return err('the name "__proto__" is not allowed');
  if (syntax === 'yaml') return editYaml(text, edits);
  let current = text;
  for (const edit of edits) {
    const edited = editJson(current, edit);
    if (!edited.ok) return edited;
    current = edited.value;
  }
  return ok(current);
}
