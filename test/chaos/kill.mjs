import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLedger, formatLedger, isClean } from './kill/ledger.mjs';
import { createSite } from './kill/site.mjs';
import { createVictims, endAll } from './kill/victims.mjs';

const HELP = `Kills a hub and a command (SIGKILL) in the middle of writes of the configuration and of secrets, round after round.

  npm run chaos -- kill [--rounds 200] [--seed N] [--bin FILE] [--json]

After each kill: every file can be read, every write that was acknowledged is there, no child lives 2 s later; and the
next start leaves no temporary file.
`;

/** What was lost at most before there is no point in going on. */
const MAX_FAULTS = 5;

/** @param {string[]} args */
export async function main(args) {
  const options = read(args);
  if (options === undefined) return 64;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'hatago-kill-'));
  const ledger = createLedger();
  const random = createRandom(options.seed);
  try {
    for (const name of ['user', 'tmp']) mkdirSync(join(folder, name));
    const site = createSite(folder);
    const victims = createVictims(site, options.bin);
    for (let round = 1; round <= options.rounds && ledger.faults.length < MAX_FAULTS; round++) {
      await oneRound({ round, site, victims, ledger, random });
      if (!options.json && round % 25 === 0) process.stderr.write(`round ${round} of ${options.rounds}\n`);
    }
    await lastStart({ site, victims, ledger });
  } catch (error) {
    ledger.faults.push(`broken off: ${/** @type {Error} */ (error).stack}`);
  } finally {
    await endAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  const report = { seed: options.seed, ...ledger };
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : formatLedger(report));
  return isClean(ledger) && ledger.rounds === options.rounds ? 0 : 1;
}

/** One start, writes until the kill, and the look at what is left. */
async function oneRound({ round, site, victims, ledger, random }) {
  const hub = await victims.startHub();
  ledger.startMs.push(hub.startMs);
  ledger.leftAfterStart.push(...site.temporaries());
  const config = victims.writeConfig(hub, round);
  const secret = victims.writeSecret(round);
  await momentOf(round, { site, secret, random });
  const children = site.children();
  hub.kill();
  secret.kill();
  const killedAt = performance.now();
  ledger.kills += 2;
  await Promise.all([config.ended, secret.ended, hub.ended]);
  ledger.leftByKill += site.temporaries().length;
  ledger.config.sent += config.sent();
  ledger.config.acknowledged += config.acknowledged();
  ledger.secrets.sent++;
  if (await secret.acknowledged()) {
    ledger.secrets.acknowledged++;
    site.remember(secret.name, secret.value);
  }
  ledger.rounds++;
  ledger.children += children.length;
  const { alive, lastMs } = await site.untilGone(children, killedAt);
  ledger.aliveAfter2s.push(...alive);
  ledger.childMs.push(lastMs);
  ledger.faults.push(...config.faults());
  ledger.faults.push(...site.checkConfig(round, config.acknowledged()), ...(await victims.checkSecrets(round)));
}

/** The kills in turn: at any moment, amid writes of the configuration, amid writes of secrets, after a secret was written. */
async function momentOf(round, { site, secret, random }) {
  const amid = async (pattern, most) => {
    await site.signsOfWriting(pattern, 1 + Math.floor(random() * most), 2000);
    await pause(random() * 3);
  };
  if (round % 4 === 0) await pause(random() * 500);
  else if (round % 4 === 1) await amid(/^hatago\.config\.json/, 20);
  else if (round % 4 === 2) await amid(/^(secrets\.json|master\.)/, 12);
  else await secret.ended.then(() => pause(random() * 50));
}

/** The start after the last kill sweeps as every other does. */
async function lastStart({ site, victims, ledger }) {
  const hub = await victims.startHub();
  ledger.leftAfterStart.push(...site.temporaries());
  const children = site.children();
  hub.kill();
  const { alive } = await site.untilGone(children, performance.now());
  ledger.aliveAfter2s.push(...alive);
}

function read(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        rounds: { type: 'string', default: '200' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        bin: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number');
    if (!Number.isInteger(seed)) throw new Error('--seed must be a whole number');
    return { ...values, rounds, seed };
  } catch (error) {
    process.stderr.write(`${/** @type {Error} */ (error).message}\n\n${HELP}`);
    return undefined;
  }
}

/** Numbers from 0 to 1 that are the same for the same seed. */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
