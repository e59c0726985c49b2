// Reading text/event-stream, as bodies of POST answers and as GET streams that stay open.
import net from 'node:net';
import { Http1Parser } from './http1.mjs';

/** The JSON texts carried by a text/event-stream body. @param {string} body @returns {Generator<string>} */
export function* eventTexts(body) {
  for (const event of body.replaceAll('\r\n', '\n').split('\n\n')) {
    let data = '';
    for (const line of event.split('\n')) {
      if (line.startsWith('data:')) data += line.slice(line[5] === ' ' ? 6 : 5);
    }
    if (data.startsWith('{') || data.startsWith('[')) yield data;
  }
}

/**
 * Opens a GET stream on a connection of its own; resolves with its socket once the server has accepted it.
 * @param {object} options
 * @param {string} options.host
 * @param {number} options.port
 * @param {string} options.path
 * @param {string} options.headers header lines, each ending in CRLF
 * @param {(events: string) => void} options.onEvents one or more whole events
 * @param {(error: Error) => void} options.onError
 * @param {number} [options.timeoutMs] how long the server may take to accept
 * @returns {Promise<net.Socket>}
 */
export function openEventStream({ host, port, path, headers, onEvents, onError, timeoutMs = 20_000 }) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true });
    const refuse = (error) => {
      clearTimeout(timer);
      reject(error);
      onError(error);
    };
    const timer = setTimeout(() => socket.destroy(new Error('GET stream not accepted in time')), timeoutMs);
    let parts = []; // of an event that is not complete
    const parser = new Http1Parser({
      isRequest: false,
      onHead: (head) => {
        clearTimeout(timer);
        if (head[9] === '2') resolve(socket);
        else socket.destroy(new Error(`GET stream: ${head.split('\r\n')[0]}`));
        return true;
      },
      onMessage: () => {},
      onChunk: (part) => {
        parts.push(part);
        // Servers write whole events, so a part that ends an event ends with a line break.
        if (part[part.length - 1] !== 10) return;
        const complete = Buffer.concat(parts).utf8Slice();
        if (!/\n\r?\n$/.test(complete.slice(-4))) return;
        parts = [];
        onEvents(complete);
      },
    });
    socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\n${headers}Accept: text/event-stream\r\n\r\n`));
    socket.on('data', (data) => parser.push(data));
    socket.on('error', refuse);
    socket.on('close', () => refuse(new Error('GET stream closed')));
  });
}
