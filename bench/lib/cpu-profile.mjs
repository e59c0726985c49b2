// Reads a V8 CPU profile.
import { fileURLToPath } from 'node:url';

/** Where a function is, relative to `root`; '' for what has no source (garbage collector, native code). */
function toLocation({ url, lineNumber, columnNumber }, root) {
  if (!url) return '';
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  const short = file.startsWith(root) ? file.slice(root.length) : file;
  return `${short}:${lineNumber + 1}:${columnNumber + 1}`;
}

/**
 * Sums the time each function itself was running, most first; time spent idle is apart.
 * @param {{ nodes: object[], samples: number[], timeDeltas: number[] }} profile times in microseconds
 * @param {string} [root] folder that locations are shown relative to, ending in a slash
 * @returns {{ busyMs: number, idleMs: number, functions: { name: string, location: string, selfMs: number }[] }}
 */
export function summarizeProfile({ nodes, samples, timeDeltas }, root = '') {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const found = new Map();
  let idleMs = 0;
  let busyMs = 0;
  for (let i = 0; i < samples.length; i++) {
    // A sample holds until the next one; the last one has no end.
    const ms = Math.max(0, timeDeltas[i + 1] ?? 0) / 1000;
    const frame = byId.get(samples[i]);
    if (frame === undefined || frame.functionName === '(idle)') {
      idleMs += ms;
      continue;
    }
    busyMs += ms;
    const name = frame.functionName || '(anonymous)';
    const location = toLocation(frame, root);
    const key = `${name} ${location}`;
    const entry = found.get(key) ?? { name, location, selfMs: 0 };
    entry.selfMs += ms;
    found.set(key, entry);
  }
  return { busyMs, idleMs, functions: [...found.values()].sort((a, b) => b.selfMs - a.selfMs) };
}

/** Adds functions up by file. @param {{ location: string, name: string, selfMs: number }[]} functions */
export function sumByFile(functions) {
  const files = new Map();
  for (const { name, location, selfMs } of functions) {
    const file = location.replace(/:\d+:\d+$/, '') || name;
    files.set(file, (files.get(file) ?? 0) + selfMs);
  }
  return [...files].map(([file, selfMs]) => ({ file, selfMs })).sort((a, b) => b.selfMs - a.selfMs);
}
