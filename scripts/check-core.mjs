import { readFileSync } from 'node:fs';

const limit = 500;
const file = 'packages/hub/src/hub.ts';
const lines = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '').length;

process.stdout.write(`${file}: ${lines} of at most ${limit} lines\n`);
if (lines > limit) process.exitCode = 1;
