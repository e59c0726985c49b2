import * as z from 'zod/mini';
import type { Controller, GenerationRecord } from '../control/control-plane.ts';
import { HubError } from '../core/errors.ts';
import { defineEndpoint, type Endpoint } from './endpoint.ts';
import { applyResult, generationDiff, generationRecord } from './schemas.ts';

const TIMEOUT_MAX_MS = 86_400_000;

/** The configurations that ran, and those that run. */
export const GENERATION_ENDPOINTS: readonly Endpoint[] = [
  defineEndpoint({
    method: 'GET',
    path: '/generations',
    operationId: 'listGenerations',
    summary: 'Every generation that is known, newest first',
    response: z.object({ generations: z.array(generationRecord) }),
    run: ({ controller }) => ({ body: { generations: [...controller.generations()] } }),
  }),
  defineEndpoint({
    method: 'GET',
    path: '/generations/{id}',
    operationId: 'getGeneration',
    summary: 'One generation',
    response: generationRecord,
    run: ({ controller }, { params }) => ({ body: find(controller, params['id']) }),
  }),
  defineEndpoint({
    method: 'GET',
    path: '/generations/{id}/diff',
    operationId: 'diffGenerations',
    summary: 'What changed from a generation to another; to the one before it where none is named',
    query: z.object({ to: z.optional(z.string()) }),
    response: generationDiff,
    run: ({ controller }, { params, query }) => {
      const from = find(controller, params['id']);
      if (query.to === undefined) return { body: from.diff };
      const to = find(controller, query.to);
      const diff = controller.diff(from.id, to.id);
      if (diff === undefined) {
        throw new HubError('HATAGO_NOT_FOUND', {
          message: `The configuration of generation ${from.id} or ${to.id} was not kept.`,
        });
      }
      return { body: diff };
    },
  }),
  defineEndpoint({
    method: 'POST',
    path: '/generations/{id}/drain',
    operationId: 'drainGeneration',
    summary: 'Ends a generation that is no longer active, once its sessions and calls have ended or the time is over',
    body: z.object({
      timeoutMs: z.optional(z.int().check(z.gte(0), z.lte(TIMEOUT_MAX_MS))),
      force: z._default(z.boolean(), false),
    }),
    response: generationRecord,
    run: async ({ controller }, { params, body }) => {
      const { id, state } = find(controller, params['id']);
      if (state === 'active') {
        throw new HubError('HATAGO_GENERATION_ACTIVE', {
          message: `Generation ${id} is the active one, so it cannot be drained.`,
        });
      }
      const { timeoutMs, force } = body;
      return { body: await controller.drain(id, { force, ...(timeoutMs === undefined ? {} : { timeoutMs }) }) };
    },
  }),
  defineEndpoint({
    method: 'POST',
    path: '/generations/{id}/rollback',
    operationId: 'rollbackGeneration',
    summary: 'Applies the configuration of an earlier generation; `last` stands for the last good one',
    response: applyResult,
    run: async ({ controller }, { params }) => {
      if (params['id'] === 'last') return { body: await controller.rollback() };
      return { body: await controller.rollback(find(controller, params['id']).id) };
    },
  }),
];

function find(controller: Controller, id: string | undefined): GenerationRecord {
  const found = controller.generations().find((generation) => String(generation.id) === id);
  if (found !== undefined) return found;
  throw new HubError('HATAGO_NOT_FOUND', {
    message: `There is no generation ${JSON.stringify(id)}.`,
    data: { next: 'See "hatago generations list".' },
  });
}
