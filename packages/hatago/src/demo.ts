import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** npm servers that need no account, pinned to the versions the demo was tried with. */
const SERVERS = {
  everything: '@modelcontextprotocol/server-everything@2026.8.31',
  filesystem: '@modelcontextprotocol/server-filesystem@2026.8.31',
  memory: '@modelcontextprotocol/server-memory@2026.8.31',
} as const;

/** Where the demo's servers come from: installed beside the hub, or fetched by npx. */
export type DemoSource = 'installed' | 'npx';

/** Whether the demo's servers are installed beside this hub, as they are in a clone of the repository. */
export function demoSource(from: string): DemoSource {
  return Object.values(SERVERS).every((spec) => entryOf(spec, from) !== undefined) ? 'installed' : 'npx';
}

/** A configuration of three real servers; `sample` is the folder the filesystem server may see. */
export function demoConfig(from: string, sample: string, memoryFile: string): Record<string, unknown> {
  return {
    version: 2,
    mcpServers: {
      everything: { ...command(SERVERS.everything, from, ['stdio']), tags: ['demo'] },
      filesystem: { ...command(SERVERS.filesystem, from, [sample]), tags: ['demo', 'files'] },
      memory: { ...command(SERVERS.memory, from, []), env: { MEMORY_FILE_PATH: memoryFile }, tags: ['demo'] },
    },
  };
}

/** Where the demo keeps what its servers work on. */
export const demoFolder = (home: string): string => join(home, 'demo');

/** Makes the folder that the demo's filesystem server may see, without which it does not start. */
export function prepareDemo(home: string): void {
  mkdirSync(demoFolder(home), { recursive: true });
  writeFileSync(join(demoFolder(home), 'welcome.txt'), 'A file the demo filesystem server can read.\n');
}

function command(spec: string, from: string, args: string[]): { command: string; args: string[] } {
  const entry = entryOf(spec, from);
  return entry === undefined
    ? { command: 'npx', args: ['-y', spec, ...args] }
    : { command: process.execPath, args: [entry, ...args] };
}

function entryOf(spec: string, from: string): string | undefined {
  const name = spec.slice(0, spec.lastIndexOf('@'));
  const require = process.getBuiltinModule('node:module').createRequire(from);
  for (const folder of require.resolve.paths(name) ?? []) {
    const manifest = join(folder, name, 'package.json');
    if (!existsSync(manifest)) continue;
    const { bin } = require(manifest) as { bin?: string | Record<string, string> };
    const file = typeof bin === 'string' ? bin : Object.values(bin ?? {})[0];
    if (file !== undefined) return join(dirname(manifest), file);
  }
  return undefined;
}
