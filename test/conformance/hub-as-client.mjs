/**
 * The client that the conformance suite runs, with the URL of its server as the last argument: it puts the hub in front
 * of that server and does through the hub what the scenario asks.
 *
 * HATAGO_DIRECT=1 leaves the hub out, which tells a fault of this driver from one of the hub.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { REVISIONS } from './cells.mjs';
import { CLIENT_STEPS } from './client-scenarios.mjs';
import { startHub } from './hub.mjs';

// The suite gives up after 30 s without ending its client, so this ends before.
const DEADLINE_MS = 25_000;

const serverUrl = /** @type {string} */ (process.argv.at(-1));
const { MCP_CONFORMANCE_SCENARIO: scenario = '', MCP_CONFORMANCE_PROTOCOL_VERSION: revision } = process.env;
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const era = revision === REVISIONS.modern ? 'modern' : 'legacy';

setTimeout(() => {
  console.error(`${scenario} took longer than ${DEADLINE_MS} ms`);
  process.exit(1);
}, DEADLINE_MS).unref();

const steps = CLIENT_STEPS[scenario];
if (!steps) throw new Error(`no steps for the scenario ${scenario}`);
const hub = process.env.HATAGO_DIRECT
  ? undefined
  : await startHub({ type: 'http', url: serverUrl, protocol: era }, { ownGroup: false });
try {
  const url = hub?.url ?? serverUrl;
  const client = await connect(url);
  await steps({ client, url, context, direct: hub === undefined });
  await client.close();
} catch (error) {
  console.error(error);
  if (hub) console.error(`The hub said:\n${hub.stderr().slice(-2_000)}`);
  process.exitCode = 1;
} finally {
  await hub?.stop();
}

/** @param {string} url */
async function connect(url) {
  const client = new Client(
    { name: 'hatago-conformance', version: '1.0.0' },
    {
      capabilities: { roots: {}, sampling: {}, elicitation: { form: { applyDefaults: true } } },
      versionNegotiation: { mode: era === 'modern' ? { pin: REVISIONS.modern } : 'legacy' },
    },
  );
  client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: {} }));
  client.setRequestHandler('roots/list', async () => ({ roots: [] }));
  client.setRequestHandler('sampling/createMessage', async () => ({
    role: 'assistant',
    content: { type: 'text', text: 'Yes' },
    model: 'none',
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}
