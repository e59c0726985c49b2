import { err, ok, type Result } from '@hatago/protocol';
import type { ServerConfig } from './config.ts';
import type { Issue } from './issue.ts';
import type { RawServer } from './schema-server.ts';

/** Checks what one key alone cannot tell, and gives every server its kind; `source` is the document they came from. */
export function toServers(
  raw: Readonly<Record<string, RawServer>>,
  source: unknown,
): Result<Record<string, ServerConfig>, readonly Issue[]> {
  const issues: Issue[] = [];
  const servers: Record<string, ServerConfig> = {};
  for (const [id, entry] of Object.entries(raw)) {
    const at = ['mcpServers', id];
    const found = [...kindIssues(entry), ...valueIssues(entry)];
    issues.push(...found.map((issue) => ({ ...issue, path: [...at, ...issue.path] })));
    if (found.length === 0) servers[id] = toServer(entry, saysTotal(source, id));
  }
  issues.push(...dependencyIssues(raw));
  return issues.length > 0 ? err(issues) : ok(servers);
}

function toServer(entry: RawServer, totalGiven: boolean): ServerConfig {
  const { auth, timeouts, headers, instructions, ...rest } = entry;
  const { requestMs, totalMs } = timeouts;
  // A request that may take longer than all of a call may would never be let: the longer one was meant.
  const stretch = !totalGiven && totalMs > 0 && (requestMs === 0 || requestMs > totalMs);
  const bearer: Record<string, string> = auth.type === 'bearer' ? { Authorization: `Bearer ${auth.token}` } : {};
  return {
    ...rest,
    type: typeOf(entry),
    auth,
    headers: { ...headers, ...bearer },
    timeouts: stretch ? { ...timeouts, totalMs: requestMs } : timeouts,
    ...(typeof instructions === 'string' ? { instructions } : {}),
  };
}

function saysTotal(source: unknown, id: string): boolean {
  const { mcpServers } = source as { mcpServers?: Record<string, { timeouts?: { totalMs?: number } }> };
  return mcpServers?.[id]?.timeouts?.totalMs !== undefined;
}

function typeOf({ type, command, url }: RawServer): ServerConfig['type'] {
  if (type === 'stdio' || (type === undefined && command !== undefined)) return 'stdio';
  if (type === 'sse') return 'sse';
  return type === 'ws' || type === 'websocket' || /^wss?:/.test(url ?? '') ? 'ws' : 'http';
}

function kindIssues(entry: RawServer): Issue[] {
  const { type, command, url, auth, headers } = entry;
  const whole = (message: string): Issue[] => [{ path: [], message }];
  if (command !== undefined && url !== undefined) return whole('has both "command" and "url"; keep one of them');
  if (typeOf(entry) === 'stdio') {
    if (command === undefined) return whole('is of type "stdio" and needs a "command"');
    return auth.type === 'none'
      ? []
      : [{ path: ['auth'], message: 'is for remote servers; give a process its secrets in "env"' }];
  }
  if (type !== undefined && command !== undefined) {
    return whole(`is of type ${JSON.stringify(type)} and needs a "url", not a "command"`);
  }
  if (url === undefined) return whole('needs a "command" (a local process) or a "url" (a remote server)');
  const wrong = checkUrl(url, typeOf(entry));
  if (wrong !== undefined) return whole(wrong);
  if (auth.type === 'none') {
    return auth.token === undefined ? [] : [{ path: ['auth'], message: 'has a "token"; say "type": "bearer"' }];
  }
  if (auth.token === undefined) return [{ path: ['auth'], message: 'is "bearer" and needs a "token"' }];
  return Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')
    ? [{ path: ['auth'], message: 'and "headers" both say what "Authorization" is; keep one of them' }]
    : [];
}

function checkUrl(url: string, type: string): string | undefined {
  const schemes = type === 'ws' ? ['ws:', 'wss:'] : ['http:', 'https:'];
  if (!URL.canParse(url)) return `"url" is not a URL: ${JSON.stringify(url)}`;
  const parsed = new URL(url);
  if (!schemes.includes(parsed.protocol)) return `"url" must begin with ${schemes.join('// or ')}//`;
  return parsed.username === '' && parsed.password === ''
    ? undefined
    : '"url" must not hold a user name or password; put them into "headers"';
}

function valueIssues({ env, headers, command, args, auth, instructions }: RawServer): Issue[] {
  const issues: Issue[] = [];
  if (typeof instructions === 'object') issues.push({ path: ['instructions'], message: 'cannot name a file here' });
  for (const [name, value] of Object.entries(env)) {
    if (!/^[^=\0]+$/.test(name)) issues.push({ path: ['env', name], message: 'is no name of a variable' });
    if (value?.includes('\0')) issues.push({ path: ['env', name], message: 'holds a NUL character' });
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      issues.push({ path: ['headers', name], message: 'is no name of a header' });
    if (!isHeaderValue(value))
      issues.push({ path: ['headers', name], message: 'holds a character that a header cannot' });
  }
  if (auth.token !== undefined && !isHeaderValue(auth.token)) {
    issues.push({ path: ['auth', 'token'], message: 'holds a character that a header cannot' });
  }
  for (const [i, text] of [command ?? '', ...args].entries()) {
    if (text.includes('\0'))
      issues.push({ path: i === 0 ? ['command'] : ['args', i - 1], message: 'holds a NUL character' });
  }
  return issues;
}

const isHeaderValue = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value);

function dependencyIssues(servers: Readonly<Record<string, RawServer>>): Issue[] {
  const issues: Issue[] = [];
  for (const [id, { dependsOn }] of Object.entries(servers)) {
    for (const [i, other] of dependsOn.entries()) {
      if (Object.hasOwn(servers, other)) continue;
      issues.push({ path: ['mcpServers', id, 'dependsOn', i], message: `there is no server ${JSON.stringify(other)}` });
    }
  }
  if (issues.length > 0) return issues;
  const done = new Set<string>();
  for (const id of Object.keys(servers)) {
    const cycle = findCycle(servers, id, [], done);
    if (cycle !== undefined) {
      return [{ path: ['mcpServers', id, 'dependsOn'], message: `depends on itself: ${cycle.join(' → ')}` }];
    }
  }
  return [];
}

function findCycle(
  servers: Readonly<Record<string, RawServer>>,
  id: string,
  above: readonly string[],
  done: Set<string>,
): string[] | undefined {
  if (above.includes(id)) return [...above.slice(above.indexOf(id)), id];
  if (done.has(id)) return undefined;
  for (const other of servers[id]?.dependsOn ?? []) {
    const cycle = findCycle(servers, other, [...above, id], done);
    if (cycle !== undefined) return cycle;
  }
  done.add(id);
  return undefined;
}
