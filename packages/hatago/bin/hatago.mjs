#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

const cli = new URL('../dist/cli.mjs', import.meta.url);

if (existsSync(cli)) {
  module.enableCompileCache?.();
  await import(cli.href);
} else {
  process.stderr.write('hatago: not built yet. Run `npm run build` in the repository, then try again.\n');
  process.exitCode = 1;
}
