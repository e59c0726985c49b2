import { fsyncSync, openSync, writeSync } from 'node:fs';

/** Opens the file that gets one JSON line per thing that happened; written at once, synced before the next turn. */
export function openJournal(file) {
  if (file === undefined) return { write() {} };
  const fd = openSync(file, 'a');
  let syncing = false;
  return {
    write(entry) {
      writeSync(fd, `${JSON.stringify(entry)}\n`);
      if (syncing) return;
      syncing = true;
      setImmediate(() => {
        syncing = false;
        fsyncSync(fd);
      });
    },
  };
}
