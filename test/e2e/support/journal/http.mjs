import { randomUUID } from 'node:crypto';
import http from 'node:http';

/** Serves Streamable HTTP of the server's era at `/mcp`; resolves with the URL. */
export function serveHttp({ server, port, streams }) {
  const sessions = new Map();
  const modernConnection = server.connect({});
  server.forget = () => sessions.clear();
  const listener = http.createServer((req, res) => {
    if (new URL(req.url, 'http://x').pathname !== '/mcp') return res.writeHead(404).end();
    if (server.era === 'modern') {
      if (req.method !== 'POST') return res.writeHead(405).end();
      return readBody(req, (text) => {
        const wrong = wrongHeader(req.headers, JSON.parse(text));
        if (wrong !== undefined) return refuse(res, text, -32020, `Header mismatch: ${wrong}`);
        modernConnection.receive(text, createReply(res, false));
      });
    }
    legacy(req, res);
  });

  function legacy(req, res) {
    const id = req.headers['mcp-session-id'];
    const session = id === undefined ? undefined : sessions.get(id);
    if (id !== undefined && session === undefined) return res.writeHead(404).end();
    if (req.method === 'GET') {
      if (session === undefined) return res.writeHead(400).end();
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      session.channel.send = (text) => void res.write(event(text));
      return;
    }
    if (req.method === 'DELETE') {
      session?.connection.close();
      sessions.delete(id);
      return res.writeHead(200).end();
    }
    readBody(req, (text) => {
      if (session !== undefined) return session.connection.receive(text, createReply(res, streams));
      if (JSON.parse(text).method !== 'initialize') return refuse(res, text, -32000, 'Bad Request: no session');
      const channel = { send: undefined };
      const connection = server.connect(channel);
      const fresh = randomUUID();
      sessions.set(fresh, { channel, connection });
      res.setHeader('mcp-session-id', fresh);
      connection.receive(text, createReply(res, streams));
    });
  }

  return new Promise((resolve) => {
    listener.listen(port, '127.0.0.1', () => resolve(`http://127.0.0.1:${listener.address().port}/mcp`));
  });
}

/** An answer as JSON when nothing was sent before it, else as an event stream. */
function createReply(res, streams) {
  let streaming = false;
  const open = () => {
    if (streaming) return;
    streaming = true;
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  };
  return {
    send(text) {
      open();
      res.write(event(text));
    },
    end(text, status = 200) {
      if (streams) open();
      if (streaming) return void res.end(event(text));
      res.writeHead(status, { 'content-type': 'application/json' }).end(text);
    },
    accept() {
      if (!res.headersSent) res.writeHead(202).end();
    },
    raw(text) {
      open();
      res.write(text);
    },
    onClose: (on) => res.on('close', on),
  };
}

/** The header that a modern request lacks or has wrong. */
function wrongHeader(headers, { method, params = {} }) {
  const name = params.name ?? params.uri ?? params.taskId;
  const named = /^(tools\/call|prompts\/get|resources\/read|tasks\/(get|update|cancel))$/.test(method);
  const wanted = {
    'mcp-protocol-version': params._meta?.['io.modelcontextprotocol/protocolVersion'],
    'mcp-method': method,
    ...(named ? { 'mcp-name': name } : {}),
  };
  if (wanted['mcp-protocol-version'] === undefined) return undefined;
  return Object.keys(wanted).find((header) => headers[header] !== wanted[header]);
}

function refuse(res, text, code, message) {
  const error = { code, message };
  const body = JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(text).id ?? null, error });
  res.writeHead(400, { 'content-type': 'application/json' }).end(body);
}

/** One message as a server-sent event. */
export function event(text) {
  return `event: message\ndata: ${text}\n\n`;
}

/** Reads a request's body as text. */
export function readBody(req, on) {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => on(Buffer.concat(chunks).toString('utf8')));
}
