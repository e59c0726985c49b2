import { isRecord, Payload } from '@hatago/protocol';
import * as z from 'zod/mini';
import { NEVER } from '../core/cancel.ts';
import { HubError } from '../core/errors.ts';
import { LOCAL } from '../core/exchange.ts';
import { hubEnvelope } from '../route/read-list.ts';
import { type AdminContext, defineEndpoint, type Endpoint } from './endpoint.ts';

const tool = z.object({
  name: z.string(),
  description: z.nullable(z.string()),
  /** The server it is a tool of. */
  server: z.nullable(z.string()),
});

/** How servers depend on each other, for drawing. */
const graph = z.object({
  nodes: z.array(
    z.object({
      id: z.string(),
      state: z.string(),
      tools: z.int(),
      resources: z.int(),
      prompts: z.int(),
    }),
  ),
  edges: z.array(z.object({ from: z.string(), to: z.string() })),
});

/** What the servers together offer. */
export const TOOL_ENDPOINTS: readonly Endpoint[] = [
  defineEndpoint({
    method: 'GET',
    path: '/tools',
    operationId: 'listTools',
    summary: 'The tools of all servers, as a client of /mcp sees them',
    response: z.object({ tools: z.array(tool) }),
    run: async (context) => ({ body: { tools: await toolsOf(context) } }),
  }),
  defineEndpoint({
    method: 'GET',
    path: '/graph',
    operationId: 'getGraph',
    summary: 'The servers, what each offers, and which are started before which',
    response: graph,
    run: ({ controller }) => ({
      body: {
        nodes: controller.servers().map(({ id, readiness, tools, resources, prompts }) => ({
          id,
          state: readiness.state,
          tools,
          resources,
          prompts,
        })),
        edges: Object.entries(controller.config.mcpServers).flatMap(([from, { dependsOn }]) =>
          dependsOn.map((to) => ({ from, to })),
        ),
      },
    }),
  }),
];

type Tool = z.infer<typeof tool>;

async function toolsOf({ controller, version }: AdminContext): Promise<Tool[]> {
  const generation = controller.current();
  const route = generation.match('/mcp');
  const router = generation.router('/mcp');
  const tools: Tool[] = [];
  let cursor: string | undefined;
  do {
    const outcome = await route?.handler({
      method: 'tools/list',
      params: Payload.ofValue(cursor === undefined ? {} : { cursor }),
      envelope: hubEnvelope({ name: 'hatago', version }),
      principal: LOCAL,
      route: '/mcp',
      session: undefined,
      signal: NEVER,
      emit() {},
    });
    if (outcome?.kind !== 'complete') throw new HubError('HATAGO_OVERLOADED');
    const page = outcome.result.value();
    const listed = isRecord(page) && Array.isArray(page.tools) ? (page.tools as unknown[]) : [];
    for (const entry of listed) {
      if (!isRecord(entry) || typeof entry.name !== 'string') continue;
      const { name, description } = entry;
      const server = router?.resolve('tools', name)?.server ?? null;
      tools.push({ name, description: typeof description === 'string' ? description : null, server });
    }
    cursor = isRecord(page) && typeof page.nextCursor === 'string' ? page.nextCursor : undefined;
  } while (cursor !== undefined);
  return tools;
}
