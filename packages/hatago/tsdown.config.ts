import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { UserConfig } from 'tsdown';

const source = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const require = createRequire(source('hub/package.json'));

/** The published package carries everything it needs: no dependency is installed beside it. */
const config: UserConfig = {
  cwd: import.meta.dirname,
  entry: ['src/main.ts'],
  platform: 'node',
  // Modules of this kind are loaded without the asynchronous loader, which takes a start as long as reading them does.
  format: 'cjs',
  fixedExtension: true,
  target: 'node20',
  minify: true,
  dts: false,
  deps: { alwaysBundle: [/./], onlyBundle: false },
  // What every `hatago serve` loads is one file: each further one costs milliseconds before the first server is started.
  outputOptions: {
    codeSplitting: {
      groups: [
        { name: 'code-cache', test: /hatago\/src\/code-cache/, priority: 1 },
        {
          name: 'hub',
          test: /packages\/(protocol|hub)\/src\/(?!upstream\/(http|sse|ws|in-process|streamable|egress|carrier)|edge\/(ws|legacy-sse|app)|control\/json-schema)|node_modules\/(zod|jsonc-parser|picocolors)\/|packages\/hatago\/src\/(commands\/serve|colours|context|demo|run-file|snippets|output|exit|version|young-space)/,
        },
      ],
    },
  },
  alias: {
    '@hatago/protocol': source('protocol/src/index.ts'),
    '@hatago/hub': source('hub/src'),
    // The package's main file requires its parts by names computed at run time, which no bundler can follow.
    'jsonc-parser': require.resolve('jsonc-parser').replace('/umd/', '/esm/'),
  },
};

export default config;
