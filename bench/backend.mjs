#!/usr/bin/env node
// The MCP server behind every system under test: it costs as little as possible, so that a benchmark through a hub
// measures the hub. It speaks the 2025 era (initialize, Mcp-Session-Id) and the 2026-07-28 one (stateless).
//
//   node bench/backend.mjs --stdio       [--name b0] [--tools 50]
//   node bench/backend.mjs --http 9100   [--name b0] [--tools 50] [--sse] [--stateless]
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { parseArgs } from 'node:util';
import { Http1Parser, header } from './lib/http1.mjs';
import { createToolset, isModern, toError } from './lib/toolset.mjs';

const { values: opt } = parseArgs({
  options: {
    stdio: { type: 'boolean', default: false },
    http: { type: 'string' },
    name: { type: 'string', default: 'bench' },
    tools: { type: 'string', default: '4' },
    sse: { type: 'boolean', default: false },
    stateless: { type: 'boolean', default: false },
    run: { type: 'string' }, // whose process this is; read from the command line by lib/proc.mjs
  },
});
const handle = createToolset({ name: opt.name, tools: Number(opt.tools) });

function serveStdio() {
  let rest = '';
  let out = '';
  const flush = () => {
    process.stdout.write(out);
    out = '';
  };
  const send = (json) => {
    if (out === '') process.nextTick(flush);
    out += `${json}\n`;
  };
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) if (line.trim()) handle(JSON.parse(line), send);
  });
  process.stdin.on('end', () => process.exit(0));
}

const JSON_TYPE = 'Content-Type: application/json\r\n';
const SSE_HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n';

const toEvent = (json) => {
  const data = `event: message\ndata: ${json}\n\n`;
  return `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`;
};

/** Serves one connection; `sessions` holds the ids of the 2025 era. */
function serveSocket(socket, sessions) {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  function plain(status, headers = '', body = '') {
    const bytes = Buffer.from(body);
    const head = `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${bytes.length}\r\n\r\n`;
    if (bytes.length < 16_384) return socket.write(head + body);
    socket.cork();
    socket.write(head);
    socket.write(bytes);
    socket.uncork();
  }

  /** Sends the messages that answer one POST: one JSON body, or a stream when there are several or `--sse` asks for it. */
  function answer(message, sessionHeader) {
    let streaming = false;
    handle(message, (json, last) => {
      if (last && !streaming && !opt.sse) return plain('200 OK', JSON_TYPE + sessionHeader, json);
      if (!streaming) socket.write(`${SSE_HEAD}${sessionHeader}\r\n`);
      streaming = true;
      socket.write(last ? `${toEvent(json)}0\r\n\r\n` : toEvent(json));
    });
  }

  function onMessage(head, body) {
    if (head.startsWith('GET ')) return plain('405 Method Not Allowed', 'Allow: POST, DELETE\r\n');
    const sessionId = header(head, 'mcp-session-id');
    if (head.startsWith('DELETE ')) {
      sessions.delete(sessionId);
      return plain('200 OK');
    }
    let message;
    try {
      message = JSON.parse(body.utf8Slice());
    } catch {
      return plain('400 Bad Request', JSON_TYPE, toError(null, -32700, 'Parse error'));
    }
    if (message.id === undefined) return plain('202 Accepted');
    if (isModern(message) || opt.stateless) return answer(message, '');
    if (message.method === 'initialize') {
      const id = randomUUID();
      sessions.add(id);
      return answer(message, `Mcp-Session-Id: ${id}\r\n`);
    }
    if (sessions.has(sessionId)) return answer(message, '');
    return plain('404 Not Found', JSON_TYPE, toError(message.id, -32001, 'Session not found'));
  }

  const parser = new Http1Parser({ isRequest: true, onMessage });
  socket.on('data', (data) => parser.push(data));
}

if (opt.http) {
  const sessions = new Set();
  net.createServer((socket) => serveSocket(socket, sessions)).listen(Number(opt.http), '127.0.0.1');
} else {
  serveStdio();
}
