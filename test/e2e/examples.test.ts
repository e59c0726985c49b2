import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

function run(example: string): ChildProcess {
  return spawn(process.execPath, [`${examples}${example}/hub.mjs`], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> });
  const [line] = (await once(lines, 'line')) as [string];
  return line;
}

async function callEcho(url: string, name: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 0,
      method: 'tools/call',
      params: { name, arguments: { text: 'hi' }, _meta: META },
    }),
  });
  return response.json();
}

describe('the examples', () => {
  it('embed: a hub in a program calls a tool and ends', async () => {
    const child = run('embed');
    const closed = once(child, 'close');
    expect(JSON.parse(await firstLine(child))).toEqual([{ type: 'text', text: 'hello' }]);
    expect((await closed)[0]).toBe(0);
  });

  it.each([
    ['custom-server', 'memory_echo'],
    ['custom-transport', 'channel_echo'],
  ])('%s: its tool is there without a change to the hub, and it ends when told to', async (example, tool) => {
    const child = run(example);
    const closed = once(child, 'close');
    try {
      expect(await callEcho(await firstLine(child), tool)).toMatchObject({
        id: 0,
        result: { content: [{ type: 'text', text: 'hi' }] },
      });
    } finally {
      child.kill('SIGTERM');
    }
    expect((await closed)[0]).toBe(0);
  });
});
