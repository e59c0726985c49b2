#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { enableCompileCache } = require('node:module');

const cli = join(__dirname, '..', 'dist', 'cli.cjs');

if (existsSync(cli)) {
  enableCompileCache?.();
  require(cli);
} else {
  process.stderr.write('hatago: not built yet. Run `npm run build` in the repository, then try again.\n');
  process.exitCode = 1;
}
