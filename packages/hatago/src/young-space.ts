import { setFlagsFromString } from 'node:v8';

const PERIOD_MS = 500;
/** Share of one core from which on the hub counts as busy. */
const BUSY = 0.7;

const DEFAULT_GROWTH = 2;

let growth = DEFAULT_GROWTH;

/**
 * Lets V8 enlarge the young generation only while the hub is busy. V8 doubles it, up to 32 MB, whenever much survives in
 * it, and a thousand sessions that are opened one after the other and then do nothing are enough for that: measured, 16 of
 * the 17 KB of resident memory each of them seemed to cost were young space that stayed empty. Under load a large young
 * space is worth its memory, for fewer objects survive in it.
 */
export function boundYoungSpace(): void {
  let busy = false;
  let last = process.cpuUsage();
  setGrowth(1);
  setInterval(() => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    const next = user + system > BUSY * PERIOD_MS * 1000;
    if (next === busy) return;
    busy = next;
    setGrowth(busy ? 2 : 1);
  }, PERIOD_MS).unref();
}

/** Runs something under V8's default flags: compiled code is of use only under the flags it was left under. */
export function withDefaultFlags(run: () => void): void {
  const before = growth;
  setGrowth(DEFAULT_GROWTH);
  run();
  setGrowth(before);
}

function setGrowth(factor: number): void {
  growth = factor;
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}
