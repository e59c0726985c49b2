import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';
import { buildNotices } from './notices.mjs';

const packages = fileURLToPath(new URL('../../packages', import.meta.url));
const dist = `${packages}/hatago/dist`;

try {
  await build({ config: 'tsdown.config.ts', logLevel: 'warn' });
  mkdirSync(dist, { recursive: true });
  writeFileSync(`${dist}/THIRD-PARTY-NOTICES.txt`, buildNotices([`${packages}/hub`, `${packages}/hatago`]));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
