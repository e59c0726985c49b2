import * as z from 'zod/mini';
import type { Endpoint } from './endpoint.ts';
import { apiError } from './schemas.ts';

/** Where the API stands. */
export const API_PREFIX = '/api/v1';

type Json = Record<string, unknown>;

/**
 * The OpenAPI document of the endpoints, made of the schemas their input is checked by.
 * @see https://spec.openapis.org/oas/v3.1.1
 */
export function buildOpenApi(endpoints: readonly Endpoint[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const path = `${API_PREFIX}${endpoint.path}`;
    paths[path] ??= {};
    (paths[path] as Json)[endpoint.method.toLowerCase()] = operationOf(endpoint);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Hatago admin API',
      version,
      description: 'Looking at and steering a hub that runs: over its local socket, or over HTTP with its token.',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: toJsonSchema(apiError, 'output') },
    },
  };
}

function operationOf(endpoint: Endpoint): Json {
  const { operationId, summary, query, body, response, path } = endpoint;
  const parameters = [...pathParameters(path), ...queryParameters(query)];
  if (endpoint.conditional === true) {
    parameters.push({ name: 'If-Match', in: 'header', required: false, schema: { type: 'string' } });
  }
  return {
    operationId,
    summary,
    tags: [path.split('/')[1]],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !acceptsNothing(body),
            content: { 'application/json': { schema: toJsonSchema(body, 'input') } },
          },
        }),
    responses: {
      [endpoint.status ?? 200]: {
        description: 'Done.',
        content: { [endpoint.type ?? 'application/json']: { schema: toJsonSchema(response, 'output') } },
      },
      default: {
        description: 'Refused: what happened, and what to do next.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodMiniType | undefined): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = toJsonSchema(query, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

const acceptsNothing = (body: z.ZodMiniType): boolean => z.safeParse(body, {}).success;

function toJsonSchema(schema: z.ZodMiniType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return rest;
}
