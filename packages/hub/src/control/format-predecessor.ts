import { isRecord } from '@hatago/protocol';
import type { AdaptState } from './adapt.ts';

const LEVELS: Readonly<Record<string, string>> = { trace: 'debug', fatal: 'error' };

/** Version 1: `timeouts` for all servers; `toolNaming` and `notifications` never had an effect and have none here. */
export function fromPredecessor(value: Record<string, unknown>, { warn }: AdaptState): Record<string, unknown> {
  const { version: _version, timeouts, toolNaming, notifications, logLevel, mcpServers, ...rest } = value;
  if (toolNaming !== undefined) warn('"toolNaming" had no effect in version 1 and has none here');
  if (notifications !== undefined) warn('"notifications" had no effect in version 1 and has none here');
  const level = typeof logLevel === 'string' ? (LEVELS[logLevel] ?? logLevel) : logLevel;
  const common = withoutKeepAlive(timeouts, '', warn);
  return {
    ...rest,
    ...(level === undefined ? {} : { logLevel: level }),
    ...(isRecord(mcpServers) ? { mcpServers: serversOf(mcpServers, common, warn) } : { mcpServers }),
  };
}

function serversOf(
  servers: Record<string, unknown>,
  common: Record<string, unknown> | undefined,
  warn: AdaptState['warn'],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(servers).map(([id, server]) => {
      if (!isRecord(server)) return [id, server];
      const own = withoutKeepAlive(server['timeouts'], `server ${JSON.stringify(id)}: `, warn);
      const { timeouts: _replaced, ...rest } = server;
      return [id, common === undefined && own === undefined ? rest : { ...rest, timeouts: { ...common, ...own } }];
    }),
  );
}

function withoutKeepAlive(
  timeouts: unknown,
  where: string,
  warn: AdaptState['warn'],
): Record<string, unknown> | undefined {
  if (!isRecord(timeouts)) return undefined;
  const { keepAliveMs, ...rest } = timeouts;
  if (keepAliveMs !== undefined) warn(`${where}"timeouts.keepAliveMs" has no meaning here and is ignored`);
  return rest;
}
