import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const JOURNAL = fileURLToPath(new URL('../../e2e/support/journal/main.mjs', import.meta.url));

/** The five servers: two that stay as they are, one that is only shown in another way, one that changes, one that comes and goes. */
export const SERVERS = ['still', 'calm', 'shown', 'changing', 'coming'];

/** Those whose process must be the same from beginning to end. */
export const UNTOUCHED = ['still', 'calm', 'shown'];

/** The edits, one after the other, again and again. */
export const EDITS = ['change', 'break', 'remove', 'show', 'add'];

/**
 * The configuration of a run and the edits of its file. Every other edit is written the way editors do it: into a new file
 * that is renamed over the old one.
 * @param {string} folder
 */
export function createPlan(folder) {
  const file = join(folder, 'hatago.config.json');
  const state = { changes: 0, shows: 0, edits: 0, present: true };
  const path = (server, kind) => join(folder, `${server}.${kind}`);
  const entry = (name, more = {}) => {
    const files = ['journal', 'pids', 'lives'].flatMap((kind) => [`--${kind}`, path(name, kind)]);
    const args = [JOURNAL, '--era', 'legacy', '--transport', 'stdio', ...files];
    return { command: process.execPath, args, protocol: 'legacy', ...more };
  };
  const text = () => {
    const shown = { tools: { exclude: state.shows % 2 === 0 ? [] : ['noise'] }, tags: [`shown-${state.shows}`] };
    const mcpServers = {
      still: entry('still'),
      calm: entry('calm'),
      shown: entry('shown', shown),
      changing: entry('changing', { env: { CHANGE: String(state.changes) } }),
      ...(state.present ? { coming: entry('coming') } : {}),
    };
    const generation = { watch: true, max: 3, gracePeriodMs: 200 };
    return JSON.stringify({ version: 2, generation, rollover: { drainTimeoutMs: 20_000 }, mcpServers }, null, 2);
  };
  const write = (content) => {
    state.edits++;
    if (state.edits % 2 === 0) return writeFileSync(file, content);
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  };
  write(text());
  return {
    file,
    path,
    state,
    /** Carries out an edit; `broken` ones leave the file in a state that nobody can read. */
    edit(kind) {
      if (kind === 'change') state.changes++;
      else if (kind === 'show') state.shows++;
      else if (kind === 'remove') state.present = false;
      else if (kind === 'add') state.present = true;
      write(kind === 'break' ? `${text().slice(0, -2)}${' '.repeat(state.edits)}, broken` : text());
    },
  };
}
