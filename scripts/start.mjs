import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './lib/prepare.mjs';
import { forwardSignals } from './lib/run.mjs';

const args = process.argv.slice(2);
const bin = join(root, 'packages/hatago/dist/hatago.cjs');

const release = forwardSignals();
try {
  await prepare();
} catch (error) {
  process.stderr.write(`npm start: ${error.message}\n`);
  process.exit(1);
}
release();

// The hub runs in this very process, so that signals and the terminal reach it without a go-between.
process.argv.splice(
  1,
  process.argv.length,
  bin,
  'serve',
  ...(args.includes('--stdio') ? [] : ['--http']),
  ...args.filter((arg) => arg !== '--http'),
);
await import(pathToFileURL(bin).href);
