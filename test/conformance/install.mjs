import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './processes.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const INSTALL_TIMEOUT_MS = 300_000;
const OLDEST_NODE = 22;

/**
 * Makes sure that the pinned suite is installed here, with a Node that can run it.
 *
 * @returns {Promise<{ node: string, cli: string, requirements: (revision: string) => Requirements }>}
 *
 * @typedef {{ scored: Record<'server' | 'client', string[]>, unscored: Record<string, string> }} Requirements the
 *   names of the scored scenarios, and why the other server scenarios are not scored
 */
export async function ensureSuite() {
  if (!isInstalled()) {
    process.stderr.write('Installing the conformance suite …\n');
    await npm(['ci', '--no-audit', '--no-fund']);
  }
  const node = await findNode();
  const cli = `${here}node_modules/@modelcontextprotocol/conformance/dist/index.js`;
  return { node, cli, requirements: readRequirements };
}

function isInstalled() {
  const { dependencies } = readJson(`${here}package.json`);
  return Object.entries(dependencies).every(([name, version]) => {
    const path = `${here}node_modules/${name}/package.json`;
    return existsSync(path) && readJson(path).version === version;
  });
}

/** The suite needs a newer Node than the product does. */
async function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return process.execPath;
  const node = `${here}node_modules/node/bin/node`;
  // An npm that was told to run no install scripts leaves the package without its binary.
  if (!existsSync(node)) await npm(['rebuild', 'node', '--foreground-scripts']);
  if (existsSync(node)) return node;
  throw new Error(
    `The conformance suite needs Node ${OLDEST_NODE} or newer, and the package that brings it was not allowed to run its ` +
      `install script. Allow it and run \`npm rebuild node\` in test/conformance, or use a newer Node.`,
  );
}

/** @param {string[]} args */
async function npm(args) {
  const cli = process.env.npm_execpath;
  const [command, ...first] = cli && basename(cli) === 'npm-cli.js' ? [process.execPath, cli] : ['npm'];
  const { code, output } = await run(command, [...first, ...args], { cwd: here, timeoutMs: INSTALL_TIMEOUT_MS });
  if (code !== 0) throw new Error(`npm ${args[0]} failed in test/conformance (exit code ${code})\n${output}`);
}

/**
 * @param {string} revision
 * @returns {Requirements}
 */
function readRequirements(revision) {
  const yaml = createRequire(`${here}package.json`)('yaml');
  const path = `${here}node_modules/@modelcontextprotocol/conformance/requirements/${revision}.yaml`;
  const { server, client, not_scored } = yaml.parse(readFileSync(path, 'utf8'));
  const unscored = not_scored.filter((/** @type {{ leg: string }} */ { leg }) => leg === 'server');
  return {
    scored: { server, client },
    unscored: Object.fromEntries(
      unscored.map((/** @type {Record<string, string>} */ entry) => [entry.scenario, entry.reason]),
    ),
  };
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
