import * as z from 'zod/mini';
import { maskConfig } from '../control/mask-config.ts';
import { HubError } from '../core/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { defineEndpoint } from './endpoint.ts';
import { applyResult, generationRecord, secretView, serverView, sessionView } from './schemas.ts';

const text = z.string();

/** What a hub says of itself. */
const hubStatus = z.object({
  version: text,
  pid: z.int(),
  startedAt: text,
  uptimeMs: z.number(),
  url: z.nullable(text),
  ready: z.boolean(),
  draining: z.boolean(),
  config: z.nullable(text),
  /** Faults of the last configuration that was refused. */
  rejected: z.nullable(z.array(text)),
  generation: z.int(),
  generations: z.array(generationRecord),
  sessions: z.int(),
  servers: z.array(serverView),
});

/** The hub as a whole. */
export const HUB_ENDPOINTS: readonly Endpoint[] = [
  defineEndpoint({
    method: 'GET',
    path: '/status',
    operationId: 'getStatus',
    summary: 'The hub, its generations and its servers',
    response: hubStatus,
    run: ({ controller, sessions, ...deps }) => ({
      body: {
        version: deps.version,
        pid: deps.pid,
        startedAt: new Date(deps.startedAt).toISOString(),
        uptimeMs: deps.now() - deps.startedAt,
        url: deps.url() ?? null,
        ready: deps.isReady(),
        draining: deps.isDraining(),
        config: deps.configFile ?? null,
        rejected: controller.rejected === undefined ? null : [...controller.rejected],
        generation: controller.current().id,
        generations: [...controller.generations()],
        sessions: sessions.list().length,
        servers: [...controller.servers()],
      },
    }),
  }),
  defineEndpoint({
    method: 'POST',
    path: '/reload',
    operationId: 'reload',
    summary: 'Reads the configuration again and applies it; with dryRun only says what would change',
    body: z.object({ dryRun: z._default(z.boolean(), false) }),
    response: applyResult,
    run: async ({ controller }, { body }) => ({
      body: await controller.reload({ origin: 'reload', dryRun: body.dryRun }),
    }),
  }),
  defineEndpoint({
    method: 'GET',
    path: '/config',
    operationId: 'getConfig',
    summary: 'The configuration file as it is written, without anything that may be a secret',
    response: z.object({ file: text, document: z.record(text, z.unknown()) }),
    run: ({ editor, configFile }) => {
      const { etag, document } = editor.read();
      if (document === undefined) {
        throw new HubError('HATAGO_CONFIG_SYNTAX', {
          message: 'The configuration file cannot be parsed as it stands.',
        });
      }
      return { body: { file: configFile as string, document: maskConfig(document) as Record<string, unknown> }, etag };
    },
  }),
  defineEndpoint({
    method: 'GET',
    path: '/secrets',
    operationId: 'listSecrets',
    summary: 'The names of the stored secrets; never their values',
    response: z.object({ secrets: z.array(secretView) }),
    run: async ({ secrets }) => {
      const stored = await secrets();
      if (!stored.ok) throw new HubError('HATAGO_SECRET_MISSING', { message: stored.error });
      return { body: { secrets: [...stored.value] } };
    },
  }),
  defineEndpoint({
    method: 'GET',
    path: '/sessions',
    operationId: 'listSessions',
    summary: 'The sessions of clients that have one',
    response: z.object({ sessions: z.array(sessionView) }),
    run: ({ sessions }) => ({ body: { sessions: [...sessions.list()] } }),
  }),
  defineEndpoint({
    method: 'GET',
    path: '/sessions/{id}',
    operationId: 'getSession',
    summary: 'One session',
    response: sessionView,
    run: ({ sessions }, { params }) => {
      const session = sessions.list().find(({ id }) => id === params['id']);
      if (session === undefined) throw noSession(params['id']);
      return { body: session };
    },
  }),
  defineEndpoint({
    method: 'DELETE',
    path: '/sessions/{id}',
    operationId: 'closeSession',
    summary: 'Ends a session and what is under way in it',
    response: z.object({ closed: text }),
    run: ({ sessions }, { params }) => {
      const id = params['id'] as string;
      const end = sessions.close(id);
      if (end === 'unknown') throw noSession(id);
      if (end === 'held') {
        throw new HubError('HATAGO_INVALID_PARAMS', {
          message: `The client of session ${id} holds it by a pipe of its own.`,
          data: { next: 'End that client; its session ends with it.' },
        });
      }
      return { body: { closed: id } };
    },
  }),
  defineEndpoint({
    method: 'POST',
    path: '/shutdown',
    operationId: 'shutdown',
    summary: 'Ends the hub: requests under way are finished first',
    response: z.object({ pid: z.int() }),
    status: 202,
    run: ({ stop, pid }) => {
      // The answer leaves before what it announces begins.
      setImmediate(() => stop('the admin API asked for it'));
      return { body: { pid } };
    },
  }),
];

const noSession = (id: string | undefined): HubError =>
  new HubError('HATAGO_NOT_FOUND', {
    message: `There is no session ${JSON.stringify(id)}.`,
    data: { next: 'See "hatago session list".' },
  });
