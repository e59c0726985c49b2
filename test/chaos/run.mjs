import { existsSync, readdirSync } from 'node:fs';

const HELP = `Breaks a real hub on purpose and counts what was lost.

  npm run chaos -- <scenario> [options]

Scenarios: ${readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.mjs') && name !== 'run.mjs')
  .map((name) => name.replace('.mjs', ''))
  .join(', ')}; each of them explains itself with --help.

Exits with 0 if nothing was lost, with 1 if something was, with 64 if an option is wrong.
`;

const [scenario = '--help', ...args] = process.argv.slice(2);
const file = new URL(`./${scenario}.mjs`, import.meta.url);

if (scenario === '--help' || scenario === '-h') process.stdout.write(HELP);
else if (!/^[a-z-]+$/.test(scenario) || scenario === 'run' || !existsSync(file)) {
  process.stderr.write(`there is no scenario ${scenario}\n\n${HELP}`);
  process.exitCode = 64;
} else {
  const { main } = await import(file.href);
  process.exitCode = await main(args);
}
