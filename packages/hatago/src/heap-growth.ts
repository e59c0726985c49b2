import { setFlagsFromString } from 'node:v8';

const PERIOD_MS = 500;

interface Growth {
  /** Factor by which V8 enlarges the young generation when much survives in it. */
  readonly young: number;
  /** Growth since the last full collection, in percent, at which the next one begins; 0 leaves that to V8. */
  readonly old: number;
}

const V8_DEFAULT: Growth = { young: 2, old: 0 };
/** How the heap may grow from which share of one core on; the first that applies counts. */
const BY_SHARE: readonly (readonly [share: number, growth: Growth])[] = [
  [0.7, { young: 2, old: 700 }],
  [0.1, { young: 1, old: 700 }],
  [0, { young: 1, old: 0 }],
];

let growth = V8_DEFAULT;

/**
 * Lets the heap grow only as far as the hub is busy. V8 doubles the young generation, up to 32 MB, whenever much survives in
 * it, and a thousand sessions that are opened one after the other and then do nothing are enough for that: measured, 16 of
 * the 17 KB of resident memory each of them seemed to cost were young space that stayed empty. Under load a large young
 * space is worth its memory, for fewer objects survive in it. V8 also counts the bytes of answers as growth of a heap that
 * is small, so that answers of 1 MiB had it collect in full every 150 ms, a third of what they cost; under load the heap
 * may become eight times as large before it does.
 */
export function boundHeapGrowth(): void {
  let last = process.cpuUsage();
  setGrowth(growthAt(0));
  setInterval(() => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    const next = growthAt((user + system) / (PERIOD_MS * 1000));
    if (next !== growth) setGrowth(next);
  }, PERIOD_MS).unref();
}

function growthAt(share: number): Growth {
  return BY_SHARE.find(([least]) => share >= least)?.[1] ?? V8_DEFAULT;
}

/** Runs something under V8's default flags: compiled code is of use only under the flags it was left under. */
export function withDefaultFlags(run: () => void): void {
  const before = growth;
  setGrowth(V8_DEFAULT);
  run();
  setGrowth(before);
}

function setGrowth(next: Growth): void {
  growth = next;
  setFlagsFromString(`--semi-space-growth-factor=${next.young}`);
  setFlagsFromString(`--heap-growing-percent=${next.old}`);
}
