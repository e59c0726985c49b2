// Loaded into a process before its own script (`node --import`): its parent starts and stops a CPU profile over the
// message channel. Unlike `--cpu-prof` it covers only what is measured, and does not depend on how the process ends.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

let session;

/** Answers `{ start: intervalUs }` and `{ stop: file }`. */
async function onMessage(message) {
  if (message?.profiler === undefined) return;
  const { start, stop } = message.profiler;
  if (start !== undefined) {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: start });
    await session.post('Profiler.start');
    process.send({ profiler: 'started' });
  } else if (stop !== undefined) {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    writeFileSync(stop, JSON.stringify(profile));
    process.send({ profiler: 'written' });
  }
}

if (process.send) {
  process.on('message', onMessage);
  process.channel?.unref(); // the hub ends when it would have ended without us
}
