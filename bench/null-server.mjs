#!/usr/bin/env node
// A responder that does nothing: answers every POST with a constant-shaped JSON-RPC result carrying the request's id
// and text. It bounds what the load generator itself can drive.
//   node bench/null-server.mjs 9000
import net from 'node:net';
import { Http1Parser } from './lib/http1.mjs';

function respond(socket, body) {
  const raw = body.latin1Slice();
  const id = /"id":(\d+)/.exec(raw)?.[1] ?? 'null';
  const text = /"text":"([^"]*)"/.exec(raw)?.[1] ?? '';
  const json = `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${text}"}]}}`;
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`);
}

net
  .createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    const parser = new Http1Parser({ isRequest: true, onMessage: (_head, body) => respond(socket, body) });
    socket.on('data', (data) => parser.push(data));
  })
  .listen(Number(process.argv[2] ?? 9000), '127.0.0.1');
