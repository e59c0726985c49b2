import { describe, expect, it } from 'vitest';
import { MASK } from '../control/mask-config.ts';
import { ALL } from './api.ts';
import { findEndpoint } from './endpoints.ts';
import { buildOpenApi } from './openapi.ts';

const PAGE = `# The admin API

A running hub answers this API in two places, and every command that acts on a hub uses the first:

- **on its local socket**, \`run/hub.sock\` in its state directory (where that path is too long for a socket, in a short one of the
  system's temporary directory; on Windows a named pipe). Only its user can open it, so nothing else is asked for.
- **over HTTP**, under \`/api/v1\` of the port it serves MCP on. Every request needs the token as \`Authorization: Bearer …\`; without it the
  answer is 401, on this machine too. The hub draws a new token at each start. \`admin.token\` of the configuration is another one that is
  accepted, and \`admin.http: false\` switches HTTP off.

Both are found in \`run/hub.json\` of the state directory, which only its user can read: \`socket\`, \`url\`, \`token\`, \`pid\`.
Where several hubs share a state directory, each for a configuration of its own, those that come later are found in \`run/hub.<pid>.json\`
and have their socket beside it; \`config\` says which file a hub serves, and a command acts on the hub of its own configuration alone.

\`\`\`console
$ curl --unix-socket .hatago/run/hub.sock http://localhost/api/v1/status
$ curl -H "Authorization: Bearer $(jq -r .token .hatago/run/hub.json)" http://127.0.0.1:3535/api/v1/servers
\`\`\`

## Endpoints

All paths stand under \`/api/v1\`. \`GET /api/v1/openapi.json\` describes each with the schemas its input is checked by.

| Endpoint | What it does |
|---|---|
${ALL.map(({ method, path, summary }) => `| \`${method} ${path}\` | ${summary} |`).join('\n')}

## Changes

What changes the configuration is written into its file, comments kept, and applied; a change that the hub refuses is taken back, and
nothing is different. Answers that show the configuration have an \`ETag\`; send it back as \`If-Match\` and the change is made only if nobody
else made one meanwhile (412 otherwise). Values that may be secrets are shown as \`${MASK}\`; sent back like that they stay as they are.
Nothing is written into a file that is broken (422, \`details\` say where), nor beside the servers of an old format, which stand in a list
(409; \`hatago migrate --write\` rewrites it).

## Refusals

\`\`\`json
{ "error": { "code": "HATAGO_NOT_FOUND", "message": "There is no server \\"x\\".", "next": "See \\"hatago list\\".", "correlationId": "…" } }
\`\`\`

The codes are those of [errors.md](errors.md). \`details\` holds one line per fault where there are several.

## Events

\`GET /api/v1/events\` is a stream of server-sent events, each one JSON object: \`server.state\`, \`server.lists\`, \`generation\`,
\`config.rejected\`, \`session\`, and \`call\` for every request that ended. The id of an event is its \`seq\`; a client that comes back with
\`Last-Event-ID\` gets what it missed of the last 256, calls left out. A comment is sent after 15 seconds of silence. A client that reads
too slowly is cut off.
`;

type Operation = {
  operationId: string;
  summary: string;
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: { required: boolean; content: Record<string, { schema: { properties?: object } }> };
  responses: Record<string, { content: Record<string, { schema: object }> }>;
};
const document = buildOpenApi(ALL, '1.2.3') as { openapi: string; paths: Record<string, Record<string, Operation>> };
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

it('docs/admin-api.md names every endpoint', async () => {
  await expect(PAGE).toMatchFileSnapshot('../../../../docs/admin-api.md');
});

describe('the document of the admin API', () => {
  it('is OpenAPI 3.1 and holds every endpoint once', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(operations).toHaveLength(ALL.length);
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('names the parameters of every path, and an answer and a refusal for all', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const operation of Object.values(methods)) {
        const named = (operation.parameters ?? []).filter((p) => p.in === 'path').map(({ name }) => name);
        expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
        expect(Object.keys(operation.responses)).toContain('default');
        expect(operation.summary).not.toBe('');
      }
    }
  });

  it('describes bodies and answers by the schemas they are checked by', () => {
    const add = document.paths['/api/v1/servers']?.['post'] as Operation;
    expect(add.requestBody?.required).toBe(true);
    expect(Object.keys(add.requestBody?.content['application/json']?.schema.properties ?? {})).toEqual([
      'id',
      'definition',
    ]);
    expect(Object.keys(add.responses)).toContain('201');
    const reload = document.paths['/api/v1/reload']?.['post'] as Operation;
    expect(reload.requestBody?.required).toBe(false);
    const diff = document.paths['/api/v1/generations/{id}/diff']?.['get'] as Operation;
    expect(diff.parameters).toContainEqual(expect.objectContaining({ name: 'to', in: 'query', required: false }));
    const conditional = operations.filter(({ parameters = [] }) => parameters.some(({ name }) => name === 'If-Match'));
    expect(conditional.map(({ operationId }) => operationId).sort()).toEqual([
      'addServer',
      'changePolicy',
      'removeServer',
      'replaceServer',
    ]);
    const events = document.paths['/api/v1/events']?.['get'] as Operation;
    expect(Object.keys(events.responses['200']?.content ?? {})).toEqual(['text/event-stream']);
  });
});

describe('the way to an endpoint', () => {
  it('takes whole segments alone, and decodes them once', () => {
    const found = findEndpoint(ALL, 'GET', '/servers/a%2Fb');
    expect(found).toMatchObject({ endpoint: { operationId: 'getServer' }, params: { id: 'a/b' } });
    expect(findEndpoint(ALL, 'GET', '/servers/')).toBeUndefined();
    expect(findEndpoint(ALL, 'GET', '/servers/%zz')).toBeUndefined();
    expect(findEndpoint(ALL, 'GET', '/servers/a/logs/more')).toBeUndefined();
    expect(findEndpoint(ALL, 'PUT', '/status')).toEqual({ allow: ['GET'] });
  });
});
