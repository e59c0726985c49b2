// docs/benchmarks.md, written by `npm run bench -- --write`.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { toHeading } from './environment.mjs';
import { ROOT } from './install.mjs';
import { toLimitsTable, toSections } from './tables.mjs';

const FILE = path.join(ROOT, 'docs/benchmarks.md');

const INTRO = `# Benchmarks

What a call through Hatago costs, measured beside three other ways to put MCP servers behind one HTTP endpoint. This page is
written by the benchmark itself; to repeat it on your machine, run the command below (Linux, Node 20.19 or later). How it
measures is described in [bench/README.md](../bench/README.md).`;

const READING = `## How to read this

- **µs CPU per call** is the processor time of the hub's own processes, divided by the calls answered. The servers behind it
  and the load generator are not counted. It is the number that a busy machine disturbs least, and the one the limits are about.
- \`ours\` is Hatago driven by a client of the 2025 era, \`ours-2026\` by one of the 2026-07-28 era. \`direct\` is the server with no
  hub in front. \`mcp-proxy\` and \`supergateway\` bridge exactly one server; \`mcp-hub\` joins several and speaks HTTP+SSE.
- "(at 4)" behind a name: that system starts a process per session or request and was driven with so many sessions only.
- Latency with many sessions is mostly queueing on one core. Compare latency at one session.
- Every answer is checked against what was asked; \`errors\` counts those that were wrong or missing in all rounds.`;

/** Writes the page and returns its path. */
export function writePage({ environment, judgements, rows }) {
  const parts = [INTRO, toHeading(environment), '## Limits', toLimitsTable(judgements), '## Results'];
  writeFileSync(FILE, `${[...parts, toSections(rows), READING].join('\n\n')}\n`);
  return FILE;
}
