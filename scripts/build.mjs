import { build } from './lib/prepare.mjs';
import { forwardSignals } from './lib/run.mjs';

forwardSignals();
const started = performance.now();
try {
  await build();
  process.stderr.write(`built in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
