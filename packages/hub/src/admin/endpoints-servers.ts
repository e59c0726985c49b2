import * as z from 'zod/mini';
import type { ServerView } from '../control/control-plane.ts';
import { HubError, isHubError } from '../core/errors.ts';
import type { ApprovalView } from './deps.ts';
import {
  type AdminContext,
  defineEndpoint,
  type Endpoint,
  type EndpointAnswer,
  type EndpointInput,
} from './endpoint.ts';
import { approvalView, serverView } from './schemas.ts';
import { serverTest, testServer } from './test-server.ts';

/** Looking at servers, and starting and stopping them. */
export const SERVER_ENDPOINTS: readonly Endpoint[] = [
  defineEndpoint({
    method: 'GET',
    path: '/servers',
    operationId: 'listServers',
    summary: 'Every server with its state, what it offers, and what to do where it cannot be used',
    response: z.object({ servers: z.array(serverView) }),
    run: ({ controller }) => ({ body: { servers: [...controller.servers()] } }),
  }),
  defineEndpoint({
    method: 'GET',
    path: '/servers/{id}/logs',
    operationId: 'getServerLogs',
    summary: 'The last lines the server wrote to its stderr',
    response: z.object({ lines: z.array(z.string()) }),
    run: (context, { params }) => {
      const { id } = serverOf(context, params);
      return { body: { lines: [...context.controller.logs(id)] } };
    },
  }),
  act('start', 'startServer', 'Starts a server; answers when it runs'),
  act('stop', 'stopServer', 'Stops a server; it stays stopped until it is started'),
  act('restart', 'restartServer', 'Stops a server and starts it again'),
  defineEndpoint({
    method: 'POST',
    path: '/servers/{id}/test',
    operationId: 'testServer',
    summary: 'Tries a server: whether it can be reached, takes our credentials, and answers; a lazy one is started',
    response: serverTest,
    run: async (context, { params }) => ({ body: await testServer(context, serverOf(context, params).id) }),
  }),
  defineEndpoint({
    method: 'GET',
    path: '/servers/{id}/approval',
    operationId: 'getServerApproval',
    summary: 'What a server would run in full, whether that was approved, and the hash to approve it by',
    response: approvalView,
    run: async (context, { params }) => ({ body: await approvalOf(context, serverOf(context, params).id) }),
  }),
  defineEndpoint({
    method: 'POST',
    path: '/servers/{id}/approve',
    operationId: 'approveServer',
    summary:
      'Approves what a server that came with the files of a project runs, as long as it is what the hash was made of',
    body: z.object({ hash: z.string() }),
    response: serverView,
    run: async (context, { params, body }) => {
      const { id } = serverOf(context, params);
      const { hash } = await approvalOf(context, id);
      if (hash !== body.hash) {
        throw new HubError('HATAGO_CONFIG_CHANGED', { message: `What ${id} would run changed since it was shown.` });
      }
      const approved = await context.approve(id, hash);
      if (!approved.ok) throw new HubError('HATAGO_STATE_UNWRITABLE', { message: `${approved.error}.` });
      await context.controller.reload({ origin: 'api' });
      return { body: serverOf(context, params) };
    },
  }),
];

function act(verb: 'start' | 'stop' | 'restart', operationId: string, summary: string): Endpoint {
  return defineEndpoint({
    method: 'POST',
    path: `/servers/{id}/${verb}`,
    operationId,
    summary,
    response: serverView,
    run: async (
      context: AdminContext,
      { params }: EndpointInput<undefined, undefined>,
    ): Promise<EndpointAnswer<ServerView>> => {
      const { id, readiness } = serverOf(context, params);
      if (context.controller.config.mcpServers[id]?.disabled === true) {
        const next = `Take it up again with "${readiness.fix}".`;
        const message = `${id} is disabled in the configuration.`;
        throw new HubError('HATAGO_UPSTREAM_UNAVAILABLE', { server: id, message, data: { next } });
      }
      if (verb !== 'stop' && readiness.code !== undefined && HELD.has(readiness.state)) {
        throw new HubError(readiness.code, { server: id, message: readiness.message });
      }
      try {
        await context.controller[verb](id);
      } catch (error) {
        if (isHubError(error)) throw error;
        const message = `${id} does not come up: ${error instanceof Error ? error.message : String(error)}.`;
        // What mends it, which for want of a program is to install it.
        const { fix } = serverOf(context, params).readiness;
        const next = fix?.startsWith('hatago ') ? `See "${fix}".` : fix;
        throw new HubError('HATAGO_UPSTREAM_UNAVAILABLE', { server: id, message, data: { next } }, error);
      }
      return { body: serverOf(context, params) };
    },
  });
}

async function approvalOf({ approval }: AdminContext, id: string): Promise<ApprovalView> {
  const found = await approval(id);
  if (found !== undefined) return found;
  throw new HubError('HATAGO_NOT_FOUND', { message: `Nothing is known of what ${JSON.stringify(id)} would run.` });
}

/** What no start can mend. */
const HELD: ReadonlySet<string> = new Set(['needs a secret', 'needs approval', 'quarantined']);

/** The server a path names. @throws HubError when there is none */
export function serverOf(
  { controller }: Pick<AdminContext, 'controller'>,
  params: Readonly<Record<string, string>>,
): ServerView {
  const id = params['id'] as string;
  const server = controller.server(id);
  if (server !== undefined) return server;
  throw new HubError('HATAGO_NOT_FOUND', {
    message: `There is no server ${JSON.stringify(id)}.`,
    data: { next: 'See "hatago list".' },
  });
}
