import { EXIT } from '../exit.ts';

/** Ends in an orderly way on the first signal that asks for it, and at once on the second. */
export function onSignals(stop: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(EXIT.failure);
      stopping = true;
      stop().then(
        () => process.exit(EXIT.ok),
        () => process.exit(EXIT.failure),
      );
    });
  }
}
