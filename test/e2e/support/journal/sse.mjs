import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { event, readBody } from './http.mjs';

/** Serves the HTTP+SSE transport of 2024-11-05 at `/sse`; resolves with the URL. */
export function serveSse({ server, port }) {
  const sessions = new Map();
  const listener = http.createServer((req, res) => {
    const url = new URL(req.url, 'http://x');
    if (req.method === 'GET' && url.pathname === '/sse') {
      const id = randomUUID();
      const send = (text) => void res.write(event(text));
      const connection = server.connect({ send });
      const reply = { send, end: send, accept() {}, raw: (text) => void res.write(text), late: send };
      sessions.set(id, (text) => connection.receive(text, reply));
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(`event: endpoint\ndata: /messages?session=${id}\n\n`);
      req.on('close', () => {
        sessions.delete(id);
        connection.close();
      });
      return;
    }
    const receive = req.method === 'POST' ? sessions.get(url.searchParams.get('session')) : undefined;
    if (receive === undefined) return res.writeHead(404).end();
    readBody(req, (text) => {
      res.writeHead(202).end();
      receive(text);
    });
  });
  return new Promise((resolve) => {
    listener.listen(port, '127.0.0.1', () => resolve(`http://127.0.0.1:${listener.address().port}/sse`));
  });
}
