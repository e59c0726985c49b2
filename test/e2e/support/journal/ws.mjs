import { WebSocketServer } from 'ws';

/** Serves WebSocket with the subprotocol `mcp`; resolves with the URL. */
export function serveWs({ server, port }) {
  const listener = new WebSocketServer({
    host: '127.0.0.1',
    port,
    handleProtocols: (protocols) => (protocols.has('mcp') ? 'mcp' : false),
  });
  listener.on('connection', (socket) => {
    const send = (text) => socket.send(text);
    const connection = server.connect({ send });
    const reply = { send, end: send, accept() {}, raw: send, late: send };
    socket.on('message', (data) => connection.receive(data.toString('utf8'), reply));
    socket.on('close', () => connection.close());
  });
  return new Promise((resolve) => {
    listener.on('listening', () => resolve(`ws://127.0.0.1:${listener.address().port}`));
  });
}
