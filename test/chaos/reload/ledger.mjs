import { readFileSync } from 'node:fs';
import { UNTOUCHED } from './plan.mjs';

/** What a call may end in while its server is not there. */
const ABSENT_CODES = new Set([-32602, -31001, -31002]);

/** @param {string} file */
export function linesOf(file) {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

/**
 * Holds what clients saw against what servers wrote down and what the hub said; each row is a promise and what became of it.
 * @returns {{ what: string, found: string, kept: boolean }[]}
 */
export function buildLedger({ calls, plan, servers, edits, absences, errorLines, applied, baseline, after, last }) {
  const written = new Map();
  for (const server of servers) {
    for (const line of linesOf(plan.path(server, 'journal'))) {
      const { nonce } = JSON.parse(line);
      if (nonce !== undefined) written.set(nonce, (written.get(nonce) ?? 0) + 1);
    }
  }
  const rows = [];
  const row = (what, found, kept) => rows.push({ what, found: String(found), kept });
  const count = (check) => calls.filter(check).length;

  const ended = count(({ outcomes, late }) => outcomes === 1 && late !== true);
  row('every call has one outcome, in time', `${ended} of ${calls.length}`, ended === calls.length);
  const twice = [...written.values()].filter((times) => times > 1).length;
  row('no call was carried out twice', `${twice} were`, twice === 0);
  const invented = count(({ ok, nonce }) => ok && !written.has(nonce));
  row('every answer is of a call that was carried out', `${invented} are not`, invented === 0);
  const foreign = count((call) => call.foreign !== undefined);
  row('no answer went to another caller', `${foreign} did`, foreign === 0);
  row('the last edit is what runs', last.message, last.kept);

  const failed = calls.filter(({ ok }) => !ok);
  const excused = failed.filter((call) => call.server === 'coming' && absences.some((one) => within(call, one)));
  const lost = failed.filter((call) => !excused.includes(call));
  row('calls fail only while their server is absent', describe(lost, excused, absences), lost.length === 0);
  const strange = excused.filter(({ error }) => !ABSENT_CODES.has(error?.code));
  row('those that fail say what is the matter', `${strange.length} do not`, strange.length === 0);

  const moved = UNTOUCHED.filter((server) => linesOf(plan.path(server, 'pids')).length !== 1);
  row(
    'unchanged servers keep their process',
    moved.length === 0 ? UNTOUCHED.join(', ') : `not ${moved}`,
    moved.length === 0,
  );
  const { overlaps, gaps } = overlapsOf(linesOf(plan.path('changing', 'lives')));
  row(
    'a changed server starts before the old one ends',
    `${overlaps} of ${overlaps + gaps}`,
    gaps === 0 && overlaps > 0,
  );
  const breaks = edits.filter((kind) => kind === 'break').length;
  const found = `${errorLines.length} lines for ${breaks}`;
  row('a broken edit costs one error line and nothing else', found, errorLines.length === breaks && breaks > 0);
  row('edits became generations', `${applied}`, applied > 1);
  for (const [what, before, now, most] of compare(baseline, after)) {
    row(`afterwards as before: ${what}`, `${before}, then ${now}`, now <= most);
  }
  return rows;
}

const within = ({ sentAt, endedAt, client }, { from, back }) => endedAt >= from && sentAt <= back[client];

function describe(lost, excused, absences) {
  const examples = lost.slice(0, 3).map((call) => {
    const { server, era, client, sentAt, endedAt, error, foreign } = call;
    const last = absences.findLast(({ from }) => from <= endedAt);
    const after =
      last === undefined
        ? ''
        : ` ${sentAt - last.from} ms after it went and ${sentAt - last.back[client]} after it came`;
    return `\n          ${server}, ${era} client ${client}${after}: ${JSON.stringify(error ?? foreign)}`;
  });
  return `${lost.length} lost, ${excused.length} while absent${examples.join('')}`;
}

function overlapsOf(lines) {
  const lives = lines.map((line) => JSON.parse(line));
  const ends = new Map(lives.filter(({ what }) => what === 'end').map(({ pid, at }) => [pid, at]));
  const starts = lives.filter(({ what }) => what === 'start');
  let overlaps = 0;
  let gaps = 0;
  for (const [index, { at }] of starts.entries()) {
    const before = starts[index - 1];
    if (before === undefined) continue;
    if (at <= (ends.get(before.pid) ?? Number.POSITIVE_INFINITY)) overlaps++;
    else gaps++;
  }
  return { overlaps, gaps };
}

/** Memory is told and not judged: what a heap has grown to under load it keeps for the next load. */
function compare(baseline, after) {
  return [
    ['processes', baseline.processes, after.processes, baseline.processes],
    ['file descriptors', baseline.descriptors, after.descriptors, baseline.descriptors + 2],
    ['generations that run', 1, after.running, 1],
    ['memory (MiB)', baseline.memoryMb, after.memoryMb, Number.POSITIVE_INFINITY],
  ];
}

/** @param {ReturnType<typeof buildLedger>} rows */
export function formatLedger(rows) {
  const width = Math.max(...rows.map(({ what }) => what.length));
  return rows
    .map(({ what, found, kept }) => `  ${kept ? 'kept  ' : 'BROKEN'}  ${what.padEnd(width)}  ${found}\n`)
    .join('');
}
