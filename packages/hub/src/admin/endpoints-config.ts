import { isRecord } from '@hatago/protocol';
import * as z from 'zod/mini';
import type { ApplyResult } from '../control/control-plane.ts';
import { maskConfig } from '../control/mask-config.ts';
import { policyRoute } from '../control/policy-route.ts';
import { parseConfig } from '../control/schema.ts';
import { HubError } from '../core/errors.ts';
import { decide } from '../middleware/policy-decision.ts';
import type { ConfigState } from './config-editor.ts';
import { type AdminContext, defineEndpoint, type Endpoint } from './endpoint.ts';
import { serverOf } from './endpoints-servers.ts';
import { isMasked, unmaskDefinition } from './masked.ts';
import { refusedVariable } from './refused-variable.ts';
import { applyResult, policyRules, serverView } from './schemas.ts';

const SERVER_ID = /^[a-z0-9][a-z0-9-]{0,31}$/;
const definition: z.ZodMiniType<Record<string, unknown>> = z.record(z.string(), z.unknown());
const changed = z.object({ result: applyResult });

/** Changing the configuration: servers and policy. */
export const CONFIG_ENDPOINTS: readonly Endpoint[] = [
  defineEndpoint({
    method: 'POST',
    path: '/servers',
    operationId: 'addServer',
    summary: 'Writes a server into the configuration and starts it',
    body: z.object({ id: z.string().check(z.regex(SERVER_ID)), definition }),
    response: changed,
    conditional: true,
    status: 201,
    run: async (context, { body, ifMatch }) => {
      const { id } = body;
      if (context.controller.server(id) !== undefined) {
        throw new HubError('HATAGO_EXISTS', { message: `There is a server ${id} already.` });
      }
      checkDefinition(id, body.definition);
      return { body: { result: await put(context, id, body.definition, ifMatch) } };
    },
  }),
  defineEndpoint({
    method: 'GET',
    path: '/servers/{id}',
    operationId: 'getServer',
    summary: 'One server, and its definition as it stands in the configuration, without what may be a secret',
    response: z.object({ server: serverView, definition: z.nullable(definition) }),
    run: (context, { params }) => {
      const server = serverOf(context, params);
      if (context.configFile === undefined) return { body: { server, definition: null } };
      const state = context.editor.read();
      const written = definitionOf(state, server.id);
      const masked = written === undefined ? null : (maskConfig(written) as Record<string, unknown>);
      return { body: { server, definition: masked }, etag: state.etag };
    },
  }),
  defineEndpoint({
    method: 'PUT',
    path: '/servers/{id}',
    operationId: 'replaceServer',
    summary: 'Replaces the definition of a server; values sent back masked stay as they are',
    body: definition,
    response: changed,
    conditional: true,
    run: async (context, { params, body, ifMatch }) => {
      const { id } = serverOf(context, params);
      const whole = unmaskDefinition(body, definitionOf(context.editor.read(), id));
      checkDefinition(id, whole);
      return { body: { result: await put(context, id, whole, ifMatch) } };
    },
  }),
  defineEndpoint({
    method: 'DELETE',
    path: '/servers/{id}',
    operationId: 'removeServer',
    summary: 'Takes a server out of the configuration and stops it',
    response: changed,
    conditional: true,
    run: async (context, { params, ifMatch }) => {
      const { id } = serverOf(context, params);
      if (definitionOf(context.editor.read(), id) === undefined) {
        throw new HubError('HATAGO_INVALID_PARAMS', {
          message: `${id} stands in another file than the configuration itself; remove it there.`,
        });
      }
      return { body: { result: await put(context, id, undefined, ifMatch) } };
    },
  }),
  defineEndpoint({
    method: 'GET',
    path: '/policy',
    operationId: 'getPolicy',
    summary: 'The policy in effect, and what it decided since its generation began',
    response: z.object({
      policy: policyRules,
      stats: z.object({
        allowed: z.int(),
        denied: z.int(),
        wouldDeny: z.int(),
        byRule: z.record(z.string(), z.int()),
      }),
    }),
    run: ({ controller }) => {
      const { policy } = controller.current();
      return { body: { policy: controller.config.policy, stats: policy.stats() } };
    },
  }),
  defineEndpoint({
    method: 'PUT',
    path: '/policy',
    operationId: 'changePolicy',
    summary: 'Changes the members of the policy that are given',
    body: z.object({
      enabled: z.optional(z.boolean()),
      dryRun: z.optional(z.boolean()),
      defaultEffect: z.optional(z.enum(['allow', 'deny'])),
      rules: z.optional(
        z.array(
          z.strictObject({
            id: z.string().check(z.minLength(1)),
            effect: z.enum(['allow', 'deny']),
            tool: z.string(),
            principal: z._default(z.string(), '*'),
          }),
        ),
      ),
    }),
    response: changed,
    conditional: true,
    run: async ({ editor }, { body, ifMatch }) => {
      const edits = Object.entries(body).map(([name, value]) => ({ path: ['policy', name], value }));
      return { body: { result: await editor.commit(edits, ifMatch) } };
    },
  }),
  defineEndpoint({
    method: 'POST',
    path: '/policy/test',
    operationId: 'testPolicy',
    summary: 'What the policy decides of a tool, and by which rule',
    body: z.object({ tool: z.string().check(z.minLength(1)), principal: z._default(z.string(), 'local') }),
    response: z.object({
      effect: z.enum(['allow', 'deny']),
      rule: z.string(),
      reason: z.string(),
      dryRun: z.boolean(),
    }),
    run: ({ controller }, { body }) => {
      const generation = controller.current();
      const { policy: rules, toolNaming: naming } = generation.config;
      const router = generation.router('/mcp');
      // Whatever the tool is called here, it is judged by the names that a call of it would be.
      const names =
        router === undefined ? [body.tool] : policyRoute({ router, naming, only: undefined }).names(body.tool);
      return { body: { ...decide(rules, { names, principal: body.principal }), dryRun: rules.dryRun } };
    },
  }),
];

/** Where the servers of a document stand: under our own name, or under that of the program it was written for. */
function listName({ document }: ConfigState): 'mcpServers' | 'servers' {
  return document !== undefined && !('mcpServers' in document) && isRecord(document.servers) ? 'servers' : 'mcpServers';
}

function definitionOf(state: ConfigState, id: string): Record<string, unknown> | undefined {
  const servers = state.document?.[listName(state)];
  const found = isRecord(servers) && Object.hasOwn(servers, id) ? servers[id] : undefined;
  return isRecord(found) ? found : undefined;
}

function put(
  { editor }: AdminContext,
  id: string,
  value: Record<string, unknown> | undefined,
  ifMatch: string | undefined,
): Promise<ApplyResult> {
  return editor.commit([{ path: [listName(editor.read()), id], value }], ifMatch);
}

/** @throws HubError with every fault of the definition */
function checkDefinition(id: string, value: Record<string, unknown>): void {
  if (isMasked(value)) {
    throw new HubError('HATAGO_INVALID_PARAMS', {
      message:
        'A masked value stands where none was shown, so it is not known what it stands for. Send the value itself.',
    });
  }
  const parsed = parseConfig({ mcpServers: { [id]: value } });
  if (!parsed.ok) {
    const details = parsed.error.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new HubError('HATAGO_INVALID_PARAMS', {
      message: 'The definition of the server is not valid.',
      data: { details },
    });
  }
  const variable = refusedVariable(value.env);
  if (variable === undefined) return;
  throw new HubError('HATAGO_INVALID_PARAMS', {
    message: `The variable ${variable} makes a program run other code than its own, so it is not taken from here. Write it into the file by hand if you mean it.`,
  });
}
