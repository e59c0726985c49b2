#!/usr/bin/env node
import { createInterface } from 'node:readline';

// A legacy server that asks its client for a word after each call, in the course of none. `said` tells the last answer.
let said = 'nothing yet';
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const text = (value) => ({ content: [{ type: 'text', text: value }] });
const tool = (name) => ({ name, inputSchema: { type: 'object' } });

const RESULTS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'late-asker', version: '1' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools: [tool('begin'), tool('said')] }),
  'tools/call': ({ name }) => text(name === 'said' ? said : 'begun'),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === undefined) said = result?.content?.word ?? `error ${error?.code}`;
  if (method === undefined || id === undefined) continue;
  const answer = RESULTS[method]?.(params ?? {});
  send({ id, ...(answer === undefined ? { error: { code: -32601, message: 'no such method' } } : { result: answer }) });
  if (params?.name !== 'begin') continue;
  const { nonce } = params.arguments;
  send({ id: 'q', method: 'elicitation/create', params: { message: nonce, requestedSchema: { type: 'object' } } });
}
