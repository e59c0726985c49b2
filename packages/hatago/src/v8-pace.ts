import { setFlagsFromString } from 'node:v8';

const PERIOD_MS = 500;
/** Share of one core from which on the hub counts as busy. */
const BUSY = 0.7;

/** The flags that are changed while the hub runs, as V8 has them by default. */
const DEFAULTS = { 'semi-space-growth-factor': 2, 'interrupt-budget': 67_584 };
type Flag = keyof typeof DEFAULTS;

const now: Record<Flag, number> = { ...DEFAULTS };
/** Newer versions of V8 do not have the flag (Node 22 and on). */
const HAS_BUDGET = process.versions.v8.startsWith('11.');

/**
 * Lets V8 enlarge the young generation only while the hub is busy. V8 doubles it, up to 32 MB, whenever much survives in
 * it, and a thousand sessions that are opened one after the other and then do nothing are enough for that: measured, 16 of
 * the 17 KB of resident memory each of them seemed to cost were young space that stayed empty. Under load a large young
 * space is worth its memory, for fewer objects survive in it.
 */
export function boundYoungSpace(): void {
  let busy = false;
  let last = process.cpuUsage();
  set('semi-space-growth-factor', 1);
  setInterval(() => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    const next = user + system > BUSY * PERIOD_MS * 1000;
    if (next === busy) return;
    busy = next;
    set('semi-space-growth-factor', busy ? 2 : 1);
  }, PERIOD_MS).unref();
}

/** While the servers start, code has to be far hotter than else before it is optimized: that takes CPU time from them. */
const START_BUDGET = 2_000_000;
/** After this time it is optimized whether they have started or not. */
const START_MS = 3000;

/** Keeps V8 from optimizing code until the servers have started. */
export function optimizeAfter(started: Promise<unknown>): void {
  if (!HAS_BUDGET) return;
  set('interrupt-budget', START_BUDGET);
  const end = (): void => set('interrupt-budget', DEFAULTS['interrupt-budget']);
  const timer = setTimeout(end, START_MS).unref();
  void started.then(() => {
    clearTimeout(timer);
    end();
  });
}

/** Runs something under V8's default flags: compiled code is of use only under the flags it was left under. */
export function withDefaultFlags(run: () => void): void {
  const before = { ...now };
  for (const flag of Object.keys(DEFAULTS) as Flag[]) set(flag, DEFAULTS[flag]);
  run();
  for (const flag of Object.keys(before) as Flag[]) set(flag, before[flag]);
}

function set(flag: Flag, value: number): void {
  if (now[flag] === value) return;
  now[flag] = value;
  setFlagsFromString(`--${flag}=${value}`);
}
