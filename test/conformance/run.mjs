import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepare } from '../../scripts/lib/prepare.mjs';
import { CELLS, CLIENT_SCENARIOS, REVISIONS } from './cells.mjs';
import { ensureSuite } from './install.mjs';
import { findFaults, formatReport } from './report.mjs';
import { runCell, runDirect } from './run-cell.mjs';
import { runClientScenario } from './run-client.mjs';

const HELP = `Runs the official MCP conformance suite against the hub, in front of a server of each era.

  npm run conformance -- [options]

  --cell N        only cell N (1 to 4); may be given more than once
  --client        only the scenarios in which the hub is the client
  --scenario X    only the scenario X
  --direct        the fixture server without the hub, in both eras
  --json          print the report as JSON
  --keep          keep what the suite and the tap wrote, and say where
  -h, --help      show this

With HATAGO_DIRECT=1 in the environment, --client leaves the hub out: that tests the driver, not the hub.

Exits with 0 if everything is as required, with 1 if not, with 64 if an option is wrong.
`;

const { values } = readOptions();
if (values.help) process.stdout.write(HELP);
else {
  process.exitCode = await main(values).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    return 1;
  });
}

function readOptions() {
  try {
    const parsed = parseArgs({
      options: {
        cell: { type: 'string', multiple: true, default: [] },
        client: { type: 'boolean', default: false },
        scenario: { type: 'string' },
        direct: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const unknown = parsed.values.cell.find((number) => !CELLS.some((cell) => String(cell.number) === number));
    if (unknown !== undefined) throw new Error(`there is no cell ${unknown}`);
    return parsed;
  } catch (error) {
    process.stderr.write(`${/** @type {Error} */ (error).message}\n\n${HELP}`);
    process.exit(64);
  }
}

/** @param {typeof values} options */
async function main({ cell: numbers, client, scenario, direct, json, keep }) {
  const dir = mkdtempSync(join(tmpdir(), 'hatago-conformance-'));
  process.once('exit', () => {
    if (keep) process.stderr.write(`Kept in ${dir}\n`);
    else rmSync(dir, { recursive: true, force: true });
  });
  if (!direct && !process.env.HATAGO_DIRECT) await prepare();
  const suite = await ensureSuite();
  const isAsked = (/** @type {string} */ name) => scenario === undefined || scenario === name;
  const isServed = (/** @type {string} */ revision) => {
    const { scored, unscored } = suite.requirements(revision);
    return [...scored.server, ...Object.keys(unscored)].some(isAsked);
  };
  const say = (/** @type {string} */ what) => process.stderr.write(`${what} …\n`);
  const folder = (/** @type {string} */ name) => {
    mkdirSync(join(dir, name));
    return join(dir, name);
  };

  /** @type {import('./run-cell.mjs').CellReport[]} */
  const cells = [];
  if (direct) {
    for (const era of /** @type {const} */ (['modern', 'legacy'])) {
      if (!isServed(REVISIONS[era])) continue;
      say(`The fixture alone, ${era}`);
      cells.push(await runDirect(era, suite, { dir: folder(era), scenario }));
    }
  } else if (!client) {
    for (const cell of CELLS) {
      if (numbers.length > 0 && !numbers.includes(String(cell.number))) continue;
      if (!isServed(cell.front)) continue;
      say(`Cell ${cell.number}: ${cell.name}`);
      cells.push(await runCell(cell, suite, { dir: folder(`cell-${cell.number}`), scenario }));
    }
  }
  /** @type {import('./run-client.mjs').ClientReport[]} */
  const clients = [];
  if (!direct && numbers.length === 0) {
    for (const entry of CLIENT_SCENARIOS.filter((entry) => isAsked(entry.scenario))) {
      say(`Hub as client: ${entry.scenario} ${entry.revision}`);
      clients.push(await runClientScenario(entry, suite, { dir }));
    }
  }
  const faults = findFaults(cells, clients);
  if (cells.length + clients.length === 0) faults.push(`there is no scenario ${scenario} among those asked for`);
  process.stdout.write(
    json ? `${JSON.stringify({ cells, clients, faults }, null, 2)}\n` : formatReport(cells, clients, faults),
  );
  return faults.length === 0 ? 0 : 1;
}
