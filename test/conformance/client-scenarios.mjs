/**
 * What a client has to do through the hub in each client scenario. The suite's server, behind the hub, watches what the
 * hub makes of it.
 *
 * @typedef {import('@modelcontextprotocol/client').Client} Client
 * @typedef {{ client: Client, url: string, context: any, direct: boolean }} ScenarioInput `url` is the hub's; `context`
 *   what the suite hands over; `direct` tells that the hub was left out, and with it what only the hub does
 */

/** @type {Record<string, (input: ScenarioInput) => Promise<void>>} */
export const CLIENT_STEPS = {
  initialize: async ({ client }) => {
    await client.ping();
  },

  tools_call: async ({ client }) => {
    await client.listTools();
    const result = await client.callTool({ name: 'add_numbers', arguments: { a: 5, b: 3 } });
    expectText(result, '8');
  },

  'elicitation-sep1034-client-defaults': async ({ client }) => {
    await client.listTools();
    await client.callTool({ name: 'test_client_elicitation_defaults', arguments: {} });
  },

  'sse-retry': async ({ client }) => {
    await client.listTools();
    const result = await client.callTool({ name: 'test_reconnection', arguments: {} });
    expectText(result, 'completed');
  },

  'request-metadata': async ({ client }) => {
    await client.listTools();
    // A list the hub reads for itself; what the client declares goes along with what is relayed for it. The suite's
    // server has no tool that could be called, yet answers every method.
    await client.request({ method: 'conformance/relayed', params: {} }, ANY_RESULT);
  },

  'sep-2322-client-request-state': async ({ client, direct }) => {
    // The elicitation handler calls test_mrtr_unrelated, so that it happens between the rounds of another call.
    client.setRequestHandler('elicitation/create', async () => {
      expectText(await client.callTool({ name: 'test_mrtr_unrelated', arguments: {} }), 'unrelated-ok');
      return { action: 'accept', content: { confirmed: true } };
    });
    await client.listTools();
    expectText(await client.callTool({ name: 'test_mrtr_echo_state', arguments: {} }), 'echo-state-ok');
    expectText(await client.callTool({ name: 'test_mrtr_no_state', arguments: {} }), 'no-state-ok');
    // The official client refuses a result without a type; the hub takes it for complete and says so.
    const untyped = client.callTool({ name: 'test_mrtr_no_result_type', arguments: {} });
    if (direct) await untyped.catch(() => {});
    else expectText(await untyped, 'no-result-type-test-ok');
  },

  'http-standard-headers': async ({ client }) => {
    for (const { name } of (await client.listTools()).tools) await client.callTool({ name, arguments: {} });
    for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
    for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name });
  },

  'http-custom-headers': async ({ client, context }) => {
    await client.listTools();
    for (const call of context.toolCalls) await client.callTool(call);
  },

  'http-invalid-tool-headers': async ({ client, url, direct }) => {
    if (!direct) {
      // The official client would drop the invalid tools itself, so what the hub lists is read without it.
      const listed = await listToolNames(url);
      if (listed.join() !== 'valid_tool') throw new Error(`the hub lists ${listed.join(', ')}`);
      await expectError(client.callTool({ name: 'invalid_empty_header', arguments: { value: 'here' } }));
    }
    await client.listTools();
    await client.callTool({ name: 'valid_tool', arguments: { region: 'here' } });
  },

  'json-schema-ref-no-deref': async ({ client }) => {
    await client.listTools();
  },
};

/** @type {import('@modelcontextprotocol/client').StandardSchemaV1<unknown, Record<string, unknown>>} */
const ANY_RESULT = {
  '~standard': {
    version: 1,
    vendor: 'hatago',
    validate: (value) => ({ value: /** @type {Record<string, unknown>} */ (value) }),
  },
};

/** @param {string} url */
async function listToolNames(url) {
  const version = '2026-07-28';
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
      'mcp-method': 'tools/list',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/list',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': version,
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('text/event-stream')
    ? text
        .split('\n')
        .findLast((line) => line.startsWith('data:'))
        ?.slice(5)
    : text;
  const names = JSON.parse(json ?? 'null')?.result?.tools?.map((/** @type {{ name: string }} */ tool) => tool.name);
  if (!names) throw new Error(`the hub answered tools/list with ${response.status} ${text.slice(0, 300)}`);
  return names;
}

/**
 * @param {{ content?: any, isError?: boolean }} result
 * @param {string} wanted
 */
function expectText(result, wanted) {
  const text = JSON.stringify(result.content);
  if (result.isError || !text?.includes(wanted)) throw new Error(`expected "${wanted}", got ${text}`);
}

/** @param {Promise<unknown>} call */
async function expectError(call) {
  const outcome = await call.then(
    (result) => result,
    () => undefined,
  );
  if (outcome !== undefined) throw new Error(`expected an error, got ${JSON.stringify(outcome)}`);
}
