import * as z from 'zod/mini';
import { maskConfig } from '../control/mask-config.ts';
import { policyRoute } from '../control/policy-route.ts';
import { parseConfig } from '../control/schema.ts';
import { placeOfServer, type WrittenServer, writtenServers } from '../control/written-servers.ts';
import { HubError } from '../core/errors.ts';
import { decide } from '../middleware/policy-decision.ts';
import type { ChangePlan } from './config-editor.ts';
import { defineEndpoint, type Endpoint } from './endpoint.ts';
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
      const { id, definition: value } = body;
      checkDefinition(id, value);
      const plan: ChangePlan = (document) => {
        // One that is written and not served, by its tags or because nobody reloads, is there too.
        if (context.controller.server(id) !== undefined || writtenIn(document, id) !== undefined) {
          throw new HubError('HATAGO_EXISTS', { message: `There is a server ${id} already.` });
        }
        return [{ path: placeFor(document, id), value }];
      };
      return { body: { result: await context.editor.commit(plan, ifMatch) } };
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
      const written = state.document === undefined ? undefined : writtenIn(state.document, server.id);
      const masked = written === undefined ? null : (maskConfig(written.entry) as Record<string, unknown>);
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
      const plan: ChangePlan = (document) => {
        const value = unmaskDefinition(body, writtenIn(document, id)?.entry);
        checkDefinition(id, value);
        return [{ path: placeFor(document, id), value }];
      };
      return { body: { result: await context.editor.commit(plan, ifMatch) } };
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
      const plan: ChangePlan = (document) => {
        if (writtenIn(document, id) !== undefined) return [{ path: placeFor(document, id), value: undefined }];
        throw new HubError('HATAGO_INVALID_PARAMS', {
          message: `${id} stands in another file than the configuration itself; remove it there.`,
        });
      };
      return { body: { result: await context.editor.commit(plan, ifMatch) } };
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
      return { body: { result: await editor.commit(() => edits, ifMatch) } };
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

const writtenIn = (document: Readonly<Record<string, unknown>>, id: string): WrittenServer | undefined =>
  writtenServers(document).find((server) => server.id === id);

/** @throws HubError where the servers stand in a list: an entry of an old format means something else than ours */
function placeFor(document: Readonly<Record<string, unknown>>, id: string): readonly (string | number)[] {
  const place = writtenIn(document, id)?.path ?? placeOfServer(document, id);
  if (place === undefined || typeof place[1] === 'number') throw new HubError('HATAGO_CONFIG_OLD_FORMAT');
  return place;
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
