import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';
import { buildNotices } from './notices.mjs';
import { packProgram } from './program.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packages = `${root}/packages`;
const dist = `${packages}/hatago/dist`;

try {
  await build({ config: 'tsdown.config.ts', logLevel: 'warn' });
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(dist)) if (name !== 'hatago.cjs') rmSync(`${dist}/${name}`, { recursive: true });
  packProgram(`${root}/.cache/bundle`, `${dist}/hatago.cjs`);
  rmSync(`${root}/.cache/bundle`, { recursive: true, force: true });
  writeFileSync(`${dist}/THIRD-PARTY-NOTICES.txt`, buildNotices([`${packages}/hub`, `${packages}/hatago`]));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
