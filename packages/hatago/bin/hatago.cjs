#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const main = join(__dirname, '..', 'dist', 'main.cjs');

if (process.argv.length === 3 && process.argv[2] === '--version') {
  process.stdout.write(`${require('../package.json').version}\n`);
} else if (existsSync(main)) require(main);
else {
  process.stderr.write('hatago: not built yet. Run `npm run build` in the repository, then try again.\n');
  process.exitCode = 1;
}
