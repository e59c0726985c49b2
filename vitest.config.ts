import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';

const packages = fileURLToPath(new URL('./packages', import.meta.url));

const config: ViteUserConfig = {
  resolve: {
    alias: [
      { find: /^@hatago\/protocol$/, replacement: `${packages}/protocol/src/index.ts` },
      { find: /^@hatago\/hub$/, replacement: `${packages}/hub/src/index.ts` },
      { find: /^@hatago\/hub\/(.*)$/, replacement: `${packages}/hub/src/$1` },
    ],
  },
  test: {
    coverage: {
      provider: 'v8',
      reporter: ['text-summary', 'json-summary'],
      include: ['packages/protocol/src/**/*.ts', 'packages/hub/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      thresholds: {
        'packages/protocol/src/**/*.ts': { statements: 90 },
        'packages/hub/src/**/*.ts': { statements: 90 },
      },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'test/*.test.ts', 'bench/**/*.test.mjs'],
          pool: 'threads',
          isolate: false,
          testTimeout: 5_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          pool: 'forks',
          isolate: true,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
};

export default config;
