// One MCP client session over one keep-alive connection, as thin as a client can be. Eras: '2025' (initialize,
// Mcp-Session-Id, JSON or SSE answers), '2026' (2026-07-28, stateless) and 'sse' (the 2024-11-05 HTTP+SSE transport:
// POSTs answered on a separate GET stream).
import net from 'node:net';
import { eventTexts, openEventStream } from './event-stream.mjs';
import { Http1Parser, header } from './http1.mjs';

const META = 'io.modelcontextprotocol/';
const CLIENT = JSON.stringify({ name: 'bench', version: '1.0.0' });
const ENVELOPE = `"_meta":{"${META}protocolVersion":"2026-07-28","${META}clientInfo":${CLIENT},"${META}clientCapabilities":{}}`;

/** Whether a large message text carries this id, looked for where serializers put it: first or last. */
const carriesId = (text, id) => new RegExp(`"id":\\s*${id}[,}\\s]`).test(`${text.slice(0, 300)}\n${text.slice(-300)}`);

/** A client with one request in flight at a time. */
export class Session {
  /** @param {{ url: string, era?: '2025' | '2026' | 'sse', headers?: Record<string, string>, timeoutMs?: number, firstId?: number }} options */
  constructor({ url, era = '2025', headers = {}, timeoutMs = 60_000, firstId = 1 }) {
    const u = new URL(url);
    this.host = u.hostname;
    this.port = Number(u.port);
    this.path = u.pathname + u.search;
    this.era = era;
    this.timeoutMs = timeoutMs;
    this.extra = Object.entries(headers)
      .map(([k, v]) => `${k}: ${v}\r\n`)
      .join('');
    this.common = `Host: ${u.host}\r\n${this.extra}`;
    this.fixed = `${this.common}Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n`;
    this.sessionHeaders = '';
    this.nextId = firstId;
    this.waiting = null; // { id, resolve, reject, unparsed } of the one request in flight
    this.stream = null; // open GET stream
    this.connected = false;
    this.broken = false;
    this.opening = false;
  }

  connect() {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: this.host, port: this.port, noDelay: true });
      this.socket = socket;
      const parser = new Http1Parser({ isRequest: false, onMessage: (head, body) => this.onResponse(head, body) });
      socket.once('connect', () => {
        this.connected = true;
        resolve();
      });
      socket.on('error', (error) => {
        reject(error);
        this.fail(error);
      });
      socket.on('data', (data) => parser.push(data));
      socket.on('close', () => {
        parser.end();
        if (this.socket !== socket || this.broken) return;
        // Servers close connections that are idle; only one that owed an answer breaks the session.
        this.connected = false;
        this.broken = this.waiting !== null;
        this.fail(new Error('connection closed'));
      });
      socket.setTimeout(this.timeoutMs, () => {
        if (this.waiting) socket.destroy(new Error('timed out'));
      });
    });
  }

  fail(error) {
    const waiting = this.waiting;
    this.waiting = null;
    waiting?.reject(error);
  }

  /** Takes one incoming message text; resolves the request in flight when it is its answer. */
  settle(text) {
    const waiting = this.waiting;
    if (!waiting) return;
    if (waiting.unparsed && text.length > 4096 && carriesId(text, waiting.id)) {
      this.waiting = null;
      waiting.resolve(text);
      return;
    }
    for (const message of [JSON.parse(text)].flat()) {
      if (message.id !== waiting.id || message.method !== undefined) continue;
      this.waiting = null;
      waiting.resolve(waiting.unparsed ? text : message);
    }
  }

  onResponse(head, body) {
    const status = Number(head.slice(9, 12));
    const waiting = this.waiting;
    if (!waiting) return;
    if (status >= 400) {
      this.fail(new Error(`HTTP ${status}: ${body.toString('utf8', 0, 300)}`));
      return;
    }
    if (this.opening) {
      const id = header(head, 'mcp-session-id');
      this.sessionHeaders = id ? `Mcp-Session-Id: ${id}\r\n` : '';
      this.opening = false;
    }
    if (waiting.id === null) {
      this.waiting = null; // a notification or DELETE was accepted
      waiting.resolve(null);
      return;
    }
    if (this.era === 'sse') return; // the answer comes on the GET stream
    try {
      const text = body.utf8Slice();
      // Cheaper than reading Content-Type: a JSON body starts with a brace.
      if (text.charCodeAt(0) === 123) this.settle(text);
      else for (const data of eventTexts(text)) this.settle(data);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (this.waiting === waiting) {
      this.fail(new Error(`no answer to id ${waiting.id} in: ${body.toString('utf8', 0, 200)}`));
    }
  }

  /**
   * Sends one request whose params are ready JSON text; resolves with the response message or, when `unparsed`, with
   * its text: parsing large answers would make the generator the bottleneck.
   */
  request(method, paramsJson, name, unparsed = false) {
    const id = this.nextId++;
    const body = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${paramsJson}}`;
    return this.post(id, body, method, name, unparsed);
  }

  notify(method) {
    return this.post(null, `{"jsonrpc":"2.0","method":"${method}"}`, method);
  }

  async post(id, body, method, name, unparsed = false) {
    if (this.broken) throw new Error('session is broken');
    if (!this.connected) await this.connect();
    let routing = this.sessionHeaders;
    if (this.era === '2026') {
      const target = name ? `Mcp-Name: ${name}\r\n` : '';
      routing = `MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: ${method}\r\n${target}`;
    }
    const length = Buffer.byteLength(body);
    return new Promise((resolve, reject) => {
      this.waiting = { id, resolve, reject, unparsed };
      this.socket.write(
        `POST ${this.path} HTTP/1.1\r\n${this.fixed}${routing}Content-Length: ${length}\r\n\r\n${body}`,
      );
    });
  }

  /** Connects and, in the eras that have one, makes the handshake. */
  async open() {
    if (this.era === 'sse') await this.openSse();
    await this.connect();
    if (this.era === '2026') return;
    this.opening = true;
    const version = this.era === 'sse' ? '2024-11-05' : '2025-06-18';
    const answer = await this.request(
      'initialize',
      `{"protocolVersion":"${version}","capabilities":{},"clientInfo":${CLIENT}}`,
    );
    if (!answer.result) throw new Error(`initialize failed: ${JSON.stringify(answer)}`);
    this.sessionHeaders += `MCP-Protocol-Version: ${answer.result.protocolVersion}\r\n`;
    await this.notify('notifications/initialized');
  }

  /** Opens the stream of the HTTP+SSE transport and learns from its first event where to post. */
  async openSse() {
    let learn;
    const endpoint = new Promise((resolve, reject) => {
      learn = { resolve, reject };
    });
    endpoint.catch(() => {});
    const onEvents = (text) => {
      const found = /event: endpoint\r?\ndata: (\S+)/.exec(text);
      if (found) learn.resolve(found[1]);
      for (const data of eventTexts(text)) this.settle(data);
    };
    await this.openStream(onEvents, learn.reject);
    const u = new URL(await endpoint, `http://${this.host}:${this.port}`);
    this.path = u.pathname + u.search;
  }

  /** Opens the GET stream on which the server may speak first, and keeps it open. */
  async openStream(onEvents = () => {}, onError = () => {}) {
    const { host, port, path, common, sessionHeaders } = this;
    const failed = (error) => {
      onError(error);
      if (this.era === 'sse') this.fail(error);
    };
    const headers = common + sessionHeaders;
    this.stream = await openEventStream({ host, port, path, headers, onEvents, onError: failed });
  }

  async listTools() {
    const tools = [];
    let cursor;
    do {
      const page = cursor === undefined ? '' : `"cursor":${JSON.stringify(cursor)}`;
      const params = this.era === '2026' ? `{${page}${page && ','}${ENVELOPE}}` : `{${page}}`;
      const answer = await this.request('tools/list', params);
      if (!answer.result) throw new Error(`tools/list failed: ${JSON.stringify(answer.error)}`);
      tools.push(...answer.result.tools);
      cursor = answer.result.nextCursor;
    } while (cursor !== undefined);
    return tools;
  }

  /** The text of an unpaginated tools/list answer, unparsed. */
  listToolsText() {
    return this.request('tools/list', this.era === '2026' ? `{${ENVELOPE}}` : '{}', undefined, true);
  }

  callTool(name, argsJson, unparsed = false) {
    const meta = this.era === '2026' ? `,${ENVELOPE}` : '';
    return this.request('tools/call', `{"name":"${name}","arguments":${argsJson}${meta}}`, name, unparsed);
  }

  /** Ends the session the way a polite client does: DELETE, then close. */
  async close() {
    if (this.era === '2025' && this.sessionHeaders.includes('Mcp-Session-Id') && !this.broken && this.connected) {
      await new Promise((resolve, reject) => {
        this.waiting = { id: null, resolve, reject, unparsed: false };
        this.socket.write(`DELETE ${this.path} HTTP/1.1\r\n${this.fixed}${this.sessionHeaders}\r\n`);
      }).catch(() => {});
    }
    this.drop();
  }

  /** Closes the connection that carries requests and leaves an open GET stream alone. */
  dropConnection() {
    this.broken = true;
    this.socket?.destroy();
  }

  drop() {
    this.dropConnection();
    this.stream?.destroy();
  }
}
