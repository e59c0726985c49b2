#!/usr/bin/env node
import { appendFileSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { serveHttp } from './http.mjs';
import { openJournal } from './journal.mjs';
import { createServer } from './server.mjs';
import { serveSse } from './sse.mjs';
import { serveStdio } from './stdio.mjs';
import { serveWs } from './ws.mjs';

const HELP = `An MCP server that misbehaves on request and writes down every call it carries out.

  node main.mjs --era legacy|modern --transport stdio|http|sse|ws [--port N] --journal FILE
                [--offers FILE] [--pids FILE] [--lives FILE] [--banner] [--stubborn] [--mute] [--start-after MS]
                [--die-at-start] [--streams]

  --offers        JSON texts of results by method, or by "tools/call <name>", sent byte for byte
  --pids          appends this process's id to FILE
  --lives         appends this process's id and the time to FILE, at its start and at its end
  --banner        prints lines that are not JSON before the first message
  --stubborn      ignores the end of its input and SIGTERM
  --mute          never says anything
  --start-after   says nothing for so many milliseconds
  --die-at-start  exits with code 7 at once
  --streams       answers every legacy HTTP request as an event stream
`;

const { values } = parseArgs({
  options: {
    era: { type: 'string' },
    transport: { type: 'string' },
    port: { type: 'string', default: '0' },
    journal: { type: 'string' },
    offers: { type: 'string' },
    pids: { type: 'string' },
    lives: { type: 'string' },
    banner: { type: 'boolean' },
    stubborn: { type: 'boolean' },
    mute: { type: 'boolean' },
    'start-after': { type: 'string', default: '0' },
    'die-at-start': { type: 'boolean' },
    streams: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

const serve = { stdio: serveStdio, http: serveHttp, sse: serveSse, ws: serveWs }[String(values.transport)];

if (values.help || serve === undefined || !['legacy', 'modern'].includes(String(values.era))) {
  process.stderr.write(HELP);
  process.exit(values.help ? 0 : 64);
}
if (values.pids !== undefined) appendFileSync(values.pids, `${process.pid}\n`);
if (values.lives !== undefined) {
  const live = (what) =>
    appendFileSync(values.lives, `${JSON.stringify({ pid: process.pid, what, at: Date.now() })}\n`);
  live('start');
  process.on('exit', () => live('end'));
}
if (values['die-at-start']) process.exit(7);
if (values.stubborn) process.on('SIGTERM', () => {});
if (values.stubborn || values.mute) setInterval(() => {}, 60_000);
if (values.banner) process.stdout.write('Welcome!\n{this is not JSON}\n\n[1, 2\n');
if (!values.mute) {
  await new Promise((resolve) => setTimeout(resolve, Number(values['start-after'])));
  const server = createServer({
    era: values.era,
    journal: openJournal(values.journal),
    offers: values.offers === undefined ? {} : JSON.parse(readFileSync(values.offers, 'utf8')),
  });
  const url = await serve({ server, port: Number(values.port), streams: values.streams === true });
  if (url !== undefined) process.stdout.write(`${JSON.stringify({ url, pid: process.pid })}\n`);
}
