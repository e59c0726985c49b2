import { isIncluded } from '../core/globs.ts';
import type { UpstreamList } from '../route/read-list.ts';
import type { ToolSettings } from '../route/settings.ts';

/**
 * Bytes of a definition's JSON that make one token. Measured over the 36 tools of three servers (everything, filesystem,
 * memory): 4.54 with the o200k tokenizer and 4.67 with cl100k; `tokens.test.ts` holds the estimate against the counts.
 */
export const BYTES_PER_TOKEN = 4.5;

/** What a text of so many bytes costs a model, estimated. */
export function estimateTokens(bytes: number): number {
  return Math.round(bytes / BYTES_PER_TOKEN);
}

/** How many of a server's tools are offered, and what their definitions cost a model that is shown all of them. */
export interface OfferedTools {
  readonly count: number;
  readonly tokens: number;
}

const known = new WeakMap<UpstreamList, { readonly settings: ToolSettings; readonly offered: OfferedTools }>();
const ALL: ToolSettings = {};

/** Counts the tools that the settings let through; an unchanged list is counted once. */
export function countTools(list: UpstreamList, settings: ToolSettings = ALL): OfferedTools {
  const found = known.get(list);
  if (found?.settings === settings) return found.offered;
  const { include = ['*'], exclude = [] } = settings;
  let count = 0;
  let bytes = 0;
  for (const { key, payload } of list.items) {
    if (!isIncluded(key, include, exclude)) continue;
    count++;
    bytes += payload.size;
  }
  const offered = { count, tokens: estimateTokens(bytes) };
  known.set(list, { settings, offered });
  return offered;
}
