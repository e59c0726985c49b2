import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as LegacyHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { MODERN } from './wire/client.ts';

/** An official SDK, and how it is told to choose its era. */
export type SdkKind = 'sdk 1.32.2' | 'sdk 2.4.0 legacy' | 'sdk 2.4.0 auto' | 'sdk 2.4.0 pinned';

/** All of them. */
export const SDK_KINDS: readonly SdkKind[] = ['sdk 1.32.2', 'sdk 2.4.0 legacy', 'sdk 2.4.0 auto', 'sdk 2.4.0 pinned'];

/** Where the hub is: a URL, or a command to start it with. */
export type Target =
  | { readonly url: string }
  | { readonly command: string; readonly args: string[]; readonly env: Record<string, string> };

/** What the tests need of a client, whichever SDK is behind it. */
export interface SdkClient {
  readonly era: 'legacy' | 'modern';
  listTools(): Promise<{ name: string }[]>;
  listResources(): Promise<{ uri: string; name: string }[]>;
  callTool(
    name: string,
    args: object,
    onProgress?: (progress: { progress: number; total?: number }) => void,
  ): Promise<string>;
  readResource(uri: string): Promise<string>;
  getPrompt(name: string, args: Record<string, string>): Promise<string>;
  complete(
    prompt: string,
    argument: { name: string; value: string },
    context?: Record<string, string>,
  ): Promise<string[]>;
  close(): Promise<void>;
}

/** What the person and the model behind every client say. */
const ANSWERS = {
  elicitation: { action: 'accept' as const, content: { name: 'Kyou', word: 'kettle' } },
  sampling: { role: 'assistant' as const, model: 'none', content: { type: 'text' as const, text: 'a model spoke' } },
  roots: { roots: [{ uri: 'file:///srv/inn', name: 'inn' }] },
};

const INFO = { name: 'e2e', version: '1.0.0' };
const CAPABILITIES = { elicitation: { form: {} }, sampling: {}, roots: {} };

type Block = { type: string; text?: string };
const joined = (content: unknown): string => (content as Block[]).map(({ text }) => text ?? '').join('\n');
const promptText = (messages: { content: unknown }[]): string => joined(messages.map(({ content }) => content));

/** Connects a client of that SDK, with handlers for everything a server may ask. */
export function connectSdk(kind: SdkKind, target: Target): Promise<SdkClient> {
  return kind === 'sdk 1.32.2' ? connectFirst(target) : connectSecond(kind, target);
}

async function connectFirst(target: Target): Promise<SdkClient> {
  const client = new LegacyClient(INFO, { capabilities: CAPABILITIES });
  client.setRequestHandler(ElicitRequestSchema, () => ANSWERS.elicitation);
  client.setRequestHandler(CreateMessageRequestSchema, () => ANSWERS.sampling);
  client.setRequestHandler(ListRootsRequestSchema, () => ANSWERS.roots);
  const transport =
    'url' in target ? new LegacyHttp(new URL(target.url)) : new LegacyStdio({ ...target, stderr: 'ignore' });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    era: 'legacy',
    listTools: async () => (await client.listTools()).tools,
    listResources: async () => (await client.listResources()).resources,
    async callTool(name, args, onprogress) {
      const options = onprogress === undefined ? {} : { onprogress };
      const params = { name, arguments: args as Record<string, unknown> };
      return joined((await client.callTool(params, undefined, options)).content);
    },
    readResource: async (uri) => joined((await client.readResource({ uri })).contents),
    getPrompt: async (name, args) => promptText((await client.getPrompt({ name, arguments: args })).messages),
    async complete(prompt, argument, context) {
      const params = { ref: { type: 'ref/prompt' as const, name: prompt }, argument };
      const result = await client.complete(
        context === undefined ? params : { ...params, context: { arguments: context } },
      );
      return result.completion.values;
    },
    close: () => client.close(),
  };
}

async function connectSecond(kind: SdkKind, target: Target): Promise<SdkClient> {
  const mode = kind.endsWith('pinned') ? { pin: MODERN } : kind.endsWith('auto') ? 'auto' : 'legacy';
  const client = new ModernClient(INFO, { capabilities: CAPABILITIES, versionNegotiation: { mode } });
  client.setRequestHandler('elicitation/create', () => ANSWERS.elicitation);
  client.setRequestHandler('sampling/createMessage', () => ANSWERS.sampling);
  client.setRequestHandler('roots/list', () => ANSWERS.roots);
  const transport =
    'url' in target ? new ModernHttp(new URL(target.url)) : new ModernStdio({ ...target, stderr: 'ignore' });
  await client.connect(transport);
  return {
    era: client.getProtocolEra() === 'modern' ? 'modern' : 'legacy',
    listTools: async () => (await client.listTools()).tools,
    listResources: async () => (await client.listResources()).resources,
    async callTool(name, args, onprogress) {
      const options = onprogress === undefined ? {} : { onprogress };
      return joined((await client.callTool({ name, arguments: args as Record<string, unknown> }, options)).content);
    },
    readResource: async (uri) => joined((await client.readResource({ uri })).contents),
    getPrompt: async (name, args) => promptText((await client.getPrompt({ name, arguments: args })).messages),
    async complete(prompt, argument, context) {
      const params = { ref: { type: 'ref/prompt' as const, name: prompt }, argument };
      const result = await client.complete(
        context === undefined ? params : { ...params, context: { arguments: context } },
      );
      return result.completion.values;
    },
    close: () => client.close(),
  };
}
