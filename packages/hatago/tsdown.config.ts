import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { UserConfig } from 'tsdown';

const source = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const require = createRequire(source('hub/package.json'));

/** The published package carries everything it needs: no dependency is installed beside it. */
const config: UserConfig = {
  cwd: import.meta.dirname,
  entry: ['src/cli.ts'],
  platform: 'node',
  fixedExtension: true,
  target: 'node20',
  minify: true,
  dts: false,
  deps: { alwaysBundle: [/./], onlyBundle: false },
  alias: {
    '@hatago/protocol': source('protocol/src/index.ts'),
    '@hatago/hub': source('hub/src'),
    // The package's main file requires its parts by names computed at run time, which no bundler can follow.
    'jsonc-parser': require.resolve('jsonc-parser').replace('/umd/', '/esm/'),
  },
};

export default config;
