// A transport of our own: messages travel over a MessageChannel. Run: node examples/custom-transport/hub.mjs
import { MessageChannel } from 'node:worker_threads';
import { createHub } from '@hatago/hub';
import { joinPieces, scan } from '@hatago/protocol';
import { echoServer } from '../custom-server/echo-server.mjs';

const { port1: ours, port2: theirs } = new MessageChannel();

// The far end: whatever speaks MCP there.
theirs.on('message', async (body) => {
  const response = await echoServer.fetch(new Request('http://in-memory/', { method: 'POST', body }));
  if (response.status !== 202) theirs.postMessage(new Uint8Array(await response.arrayBuffer()));
});

// The near end: a link is how the hub sends a message, and where it hears of those that come.
const openers = {
  async open(events) {
    ours.on('message', (bytes) => {
      const scanned = scan(bytes);
      if (scanned.ok) events.message(scanned.value, undefined);
    });
    ours.on('close', () => events.closed({ kind: 'lost', message: 'the channel was closed' }));
    return {
      attributed: false,
      send: ({ message }) => ours.postMessage(joinPieces(message)),
      cancel: () => {},
      close: async () => ours.close(),
    };
  },
};

const hub = createHub({ version: '1.0.0' });
hub.register({ id: 'channel', upstream: { kind: 'in-process' }, openers });
const { url } = await hub.listen({ port: Number(process.env.PORT ?? 0) });
console.log(url);
process.once('SIGTERM', () => hub.stop().then(() => process.exit(0)));
