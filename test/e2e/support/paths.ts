import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root: string = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** The command line of the hub, as it is shipped. */
export const hatagoBin: string = join(root, 'packages/hatago/dist/hatago.cjs');

/** The server of our own that misbehaves on request. */
export const journalServer: string = fileURLToPath(new URL('./journal/main.mjs', import.meta.url));

/** Throws where the hub was not built, for the end-to-end tests run what is shipped. */
export function assertBuilt(): void {
  if (existsSync(hatagoBin)) return;
  throw new Error('packages/hatago/dist/hatago.cjs is missing: run `npm run build` before the end-to-end tests');
}

/** The script that a package of npm runs as its command of that name. */
export function binOf(packageName: string, command: string): string {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(packageName) ?? []) {
    const manifest = join(folder, packageName, 'package.json');
    if (!existsSync(manifest)) continue;
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | Record<string, string> };
    const file = typeof bin === 'string' ? bin : bin[command];
    if (file !== undefined) return join(dirname(manifest), file);
  }
  throw new Error(`${packageName} is not installed: run \`npm ci\``);
}
