// Serves a server of our own kind over HTTP. Run: node examples/custom-server/hub.mjs
import { createHub } from '@hatago/hub';
import { echoServer } from './echo-server.mjs';

const hub = createHub({ version: '1.0.0' });
hub.register({ id: 'memory', upstream: { kind: 'in-process', handler: echoServer } });
const { url } = await hub.listen({ port: Number(process.env.PORT ?? 0) });
console.log(url);
process.once('SIGTERM', () => hub.stop().then(() => process.exit(0)));
