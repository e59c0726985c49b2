import { basename } from 'node:path';
import { err, isRecord, ok, type Result } from '@hatago/protocol';
import { type Node, parseTree } from 'jsonc-parser';
import { parseDocument } from './document.ts';
import { editDocument } from './edit-document.ts';
import { adaptDocument, type Format } from './formats.ts';
import { keepComments } from './keep-comments.ts';
import { withSafeIds } from './safe-ids.ts';
import { formatFault } from './source-document.ts';
import { syntaxOf } from './syntax.ts';

/** How a file would be written in our own format. */
export interface Migration {
  readonly format: Format;
  readonly after: string;
  /** What has no counterpart and is left out, one sentence each. */
  readonly warnings: readonly string[];
}

/** Options of {@link migrateText}. */
export interface MigrateTextOptions {
  /** Where the schema of our format is, for a text that names one of its own. @default it is left out */
  readonly schema?: string;
}

/** Files that belong to a client, which would not read them in our format. */
const OF_CLIENTS =
  /^(?:\.?mcp|claude_desktop_config|mcp_config|mcp_settings|cline_mcp_settings|settings|\.claude)\.jsonc?$/;

/**
 * Writes a text of an older format in ours and keeps its comments, those of what is left out too. A text that is in our
 * format already comes back as it is. The error has one line for each fault.
 */
export function migrateText(
  text: string,
  file: string,
  { schema }: MigrateTextOptions = {},
): Result<Migration, readonly string[]> {
  const document = parseDocument(text, file);
  if (!document.ok) return err(document.error.map(formatFault));
  const { value } = document.value;
  if (!isRecord(value)) return err([formatFault(document.value.locate({ path: [], message: 'expected object' }))]);
  if (OF_CLIENTS.test(basename(file))) {
    return err([
      `${file}: belongs to a client and stays as it is; \`hatago init --from ${file}\` takes over its servers`,
    ]);
  }
  const adapted = adaptDocument(value, file);
  if (value['version'] === 2) return ok({ format: 'hatago', after: text, warnings: [] });
  const safe = withSafeIds(adapted.value as Record<string, unknown>);
  const { $schema: old, version: _version, ...rest } = safe.value;
  const link = old === undefined || schema === undefined ? {} : { $schema: schema };
  const target = { ...(adapted.format === 'hatago' ? value : { ...link, ...rest }), version: 2 };
  const isJson = syntaxOf(file) === 'jsonc';
  const prepared = isJson
    ? renameIds(
        renameServers(listToRecord(text, safe.toSource, adapted.toSource, rest['mcpServers'])),
        safe.toSource,
        rest['mcpServers'],
      )
    : text;
  const edited = editDocument(prepared, [{ path: [], value: target }], syntaxOf(file));
  if (!edited.ok) return err([`${file}: ${edited.error}`]);
  const after = isJson ? keepComments(prepared, edited.value) : edited.value;
  return ok({ format: adapted.format, after, warnings: [...adapted.warnings, ...safe.warnings] });
}

type Mapping = (path: readonly (string | number)[]) => readonly (string | number)[];

/** `"servers": [{ "id": "a", … }]` as `"servers": { "a": { "id": "a", … } }`, each entry with the comments around it. */
function listToRecord(text: string, toIds: Mapping, toPlaces: Mapping, servers: unknown): string {
  const list = memberOf(treeOf(text), 'servers')?.children?.[1];
  if (list?.type !== 'array') return text;
  const idOf = new Map(
    Object.keys(isRecord(servers) ? servers : {}).map((id) => [toPlaces(toIds(['mcpServers', id]))[1], id]),
  );
  const end = list.offset + list.length - 1;
  const cuts = [
    { at: end, length: 1, text: '}' },
    ...(list.children ?? []).map(({ offset }, i) => ({
      at: offset,
      length: 0,
      text: `${JSON.stringify(idOf.get(i) ?? `server-${i + 1}`)}: `,
    })),
    { at: list.offset, length: 1, text: '{' },
  ];
  return withCuts(text, cuts);
}

function renameServers(text: string): string {
  const tree = treeOf(text);
  const key = memberOf(tree, 'servers')?.children?.[0];
  if (key === undefined || memberOf(tree, 'mcpServers') !== undefined) return text;
  return withCuts(text, [{ at: key.offset, length: key.length, text: '"mcpServers"' }]);
}

/** Servers whose id is another one here are called so where they stand: as new members they would lose their comments. */
function renameIds(text: string, toIds: Mapping, servers: unknown): string {
  const members = memberOf(treeOf(text), 'mcpServers')?.children?.[1];
  const cuts = Object.keys(isRecord(servers) ? servers : {}).flatMap((id) => {
    const written = toIds(['mcpServers', id])[1];
    const key = written === id ? undefined : memberOf(members, String(written))?.children?.[0];
    return key === undefined ? [] : [{ at: key.offset, length: key.length, text: JSON.stringify(id) }];
  });
  return withCuts(text, cuts);
}

interface Cut {
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

function withCuts(text: string, cuts: readonly Cut[]): string {
  return [...cuts]
    .sort((a, b) => b.at - a.at)
    .reduce((current, cut) => current.slice(0, cut.at) + cut.text + current.slice(cut.at + cut.length), text);
}

const treeOf = (text: string): Node | undefined =>
  parseTree(text.replace(/^\uFEFF/, ' '), [], { allowTrailingComma: true });

const memberOf = (tree: Node | undefined, name: string): Node | undefined =>
  tree?.children?.find((child) => child.children?.[0]?.value === name);
