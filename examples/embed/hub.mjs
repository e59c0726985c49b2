// A hub inside another program: one server in memory, one tool called. Run: node examples/embed/hub.mjs
import { createHub } from '@hatago/hub';
import { echoServer } from '../custom-server/echo-server.mjs';

const hub = createHub({ version: '1.0.0' });
hub.register({ id: 'memory', upstream: { kind: 'in-process', handler: echoServer } });
hub.start();
await hub.settled;

const answer = await hub.handleRequest({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'memory_echo',
    arguments: { text: 'hello' },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
});
console.log(JSON.stringify(answer.result.content));
await hub.stop();
