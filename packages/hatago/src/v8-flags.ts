import { setFlagsFromString } from 'node:v8';
import { withFlags } from '#loader';

/** A burst of a second is over before more memory would be of use. */
const PERIOD_MS = 2000;
/** How long code is left as it is at most. */
const START_MS = 3000;

/** The flags that are set while the hub runs. */
interface Flags {
  /** Factor by which V8 enlarges the young generation when much survives in it. */
  readonly young: number;
  /** Growth since the last full collection, in percent, at which the next one begins; 0 leaves that to V8. */
  readonly old: number;
  /** Whether code that is run often is optimized. */
  readonly optimizes: boolean;
  /** Whether several threads collect the young generation together. */
  readonly parallel: boolean;
}

const V8_DEFAULT: Flags = { young: 2, old: 0, optimizes: true, parallel: true };

/** How the heap may grow from which share of one core on; the first that applies counts. */
const GROWTH_BY_SHARE: readonly (readonly [share: number, growth: Pick<Flags, 'young' | 'old'>])[] = [
  [0.8, { young: 2, old: 700 }],
  [0.1, { young: 1, old: 700 }],
  [0, { young: 1, old: 0 }],
];

let flags = V8_DEFAULT;

/**
 * Lets the heap grow only as far as the hub is busy. V8 doubles the young generation, up to 32 MB, whenever much survives in
 * it, and a thousand sessions that are opened one after the other and then do nothing are enough for that, though the space
 * then stays empty. Under load a large young space is worth its memory, for fewer objects survive in it. V8 also counts the
 * bytes of answers as growth of a heap that is small, so that answers of 1 MiB had it collect in full every 150 ms, a third
 * of what they cost; under load the heap may become eight times as large before it does. The young generation is collected
 * by one thread: there is little to do, and it would wait for others that the servers do not let run.
 */
export function boundHeapGrowth(): void {
  withFlags(withDefaultFlags);
  let last = process.cpuUsage();
  set({ ...flags, ...growthAt(0), parallel: false });
  setInterval(() => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    const { young, old } = growthAt((user + system) / (PERIOD_MS * 1000));
    if (young !== flags.young || old !== flags.old) set({ ...flags, young, old });
  }, PERIOD_MS).unref();
}

/**
 * Has no code optimized until the servers have settled, for a few seconds at most: what is learned of ten lists of tools is
 * not worth its price, which is paid while the servers need every core for their own start.
 */
export function optimizeOnceStarted(settled: Promise<unknown>): void {
  set({ ...flags, optimizes: false });
  const resume = (): void => set({ ...flags, optimizes: true });
  const timer = setTimeout(resume, START_MS).unref();
  void settled.then(() => {
    clearTimeout(timer);
    resume();
  });
}

/** Does something under the flags with which V8 starts. */
function withDefaultFlags<T>(run: () => T): T {
  const before = flags;
  set(V8_DEFAULT);
  try {
    return run();
  } finally {
    set(before);
  }
}

function growthAt(share: number): Pick<Flags, 'young' | 'old'> {
  return GROWTH_BY_SHARE.find(([least]) => share >= least)?.[1] ?? V8_DEFAULT;
}

function set(next: Flags): void {
  flags = next;
  setFlagsFromString(`--semi-space-growth-factor=${next.young}`);
  setFlagsFromString(`--heap-growing-percent=${next.old}`);
  setFlagsFromString(next.optimizes ? '--opt' : '--no-opt');
  setFlagsFromString(next.parallel ? '--parallel-scavenge' : '--no-parallel-scavenge');
}
