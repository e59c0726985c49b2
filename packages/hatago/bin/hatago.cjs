#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const main = join(__dirname, '..', 'dist', 'main.cjs');

if (existsSync(main)) require(main);
else {
  process.stderr.write('hatago: not built yet. Run `npm run build` in the repository, then try again.\n');
  process.exitCode = 1;
}
