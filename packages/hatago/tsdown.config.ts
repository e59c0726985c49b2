import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { UserConfig } from 'tsdown';

type Plugin = Extract<UserConfig['plugins'], { name: string }>;

const source = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const require = createRequire(source('hub/package.json'));

/** The published package carries everything it needs: no dependency is installed beside it. */
const common: UserConfig = {
  cwd: import.meta.dirname,
  platform: 'node',
  // Modules of this kind are loaded without the asynchronous loader, which takes a start as long as reading them does.
  format: 'cjs',
  fixedExtension: true,
  target: 'node20',
  minify: true,
  dts: false,
};

/** The program that loads the parts; the build puts those behind it, into the same file. */
const bin: UserConfig = { ...common, entry: { bin: 'src/bin.ts' }, outDir: source('../.cache/bundle/bin') };

/** Whoever imports the schema gets it when it is first used. */
const lateSchema: Plugin = {
  name: 'late-schema',
  resolveId: (id, importer) =>
    importer !== undefined && id.endsWith('/schema-document.ts') ? source('hatago/src/late-schema.ts') : null,
};

const parts: UserConfig = {
  ...common,
  outDir: source('../.cache/bundle/parts'),
  // The hub loads YAML by itself, when it first meets some.
  entry: { main: 'src/main.ts', yaml: require.resolve('yaml'), schema: source('hub/src/control/schema-document.ts') },
  plugins: [lateSchema],
  deps: { alwaysBundle: [/^(?!#loader$)/], neverBundle: ['#loader'], onlyBundle: false },
  // `hatago serve` loads two parts, one before and one after it starts the first servers: each further one costs time.
  outputOptions: {
    codeSplitting: {
      groups: [
        // All that a bridge is made of, and nothing else: it has to stay small.
        {
          name: 'start',
          test: /hatago\/src\/(colours|exit|output|real-path|report-failure|run-file|version|lock\/|bridge\/(?!clients))|hub\/src\/(control\/(find-config|yaml-module)|storage\/process-identity)|node_modules\/picocolors\//,
          priority: 2,
        },
        // All that a command needs to ask a hub that runs: it has to be there before one notices that it was started.
        {
          name: 'cli',
          test: /packages\/hatago\/src\/(cli\.ts|cli\/|duration|progress|control\/(client|diff-lines|new-lines|print-applied|require-hub|server-table)|commands\/(drain|generations|list\.|reload|server\.|session|status|stop))|node_modules\/commander\//,
          priority: 1,
        },
        // What `serve` needs to start the first servers.
        {
          name: 'serve',
          test: /packages\/hatago\/src\/(run-serve|commands\/serve\.)/,
          priority: 0.5,
        },
        {
          name: 'hub',
          test: /packages\/(protocol|hub)\/src\/(?!admin\/(?!admin-side|api-error|bearer|edges|health|page|socket)|upstream\/(http|sse|ws|in-process|streamable|egress|carrier)|edge\/(ws|legacy-sse|app)|control\/(json-schema|schema-|migrate|keep-comments|mask-config|key-path|effective))|node_modules\/jsonc-parser\/|packages\/hatago\/src\/(serving\/(?!detach)|bridge\/clients|control\/(publish-hub|hub-secrets)|trust\/|context|demo|snippets|v8-flags)/,
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

const both: UserConfig[] = [bin, parts];

export default both;
