import type { RunningHub } from './hub.ts';
import { hatagoBin } from './paths.ts';
import type { WireClient, WireOptions } from './wire/client.ts';
import { connectSse, connectStdio, connectWs } from './wire/duplex.ts';
import { connectLegacyHttp, connectModernHttp } from './wire/http.ts';

/** A way into the hub: a transport, and the era spoken on it. */
export type Front =
  | 'http-legacy'
  | 'http-modern'
  | 'ws-legacy'
  | 'ws-modern'
  | 'sse-legacy'
  | 'stdio-legacy'
  | 'stdio-modern';

/** All of them. */
export const FRONTS: readonly Front[] = [
  'http-legacy',
  'http-modern',
  'ws-legacy',
  'ws-modern',
  'sse-legacy',
  'stdio-legacy',
  'stdio-modern',
];

/** Opens one client; those over stdio share a hub of their own, with the same configuration and another state directory. */
export async function connectFront(front: Front, hub: RunningHub, options: WireOptions = {}): Promise<WireClient> {
  const [transport, era] = front.split('-') as ['http' | 'ws' | 'sse' | 'stdio', 'legacy' | 'modern'];
  const at = (path: string): string => hub.url.replace(/\/mcp$/, path);
  switch (transport) {
    case 'http':
      return era === 'legacy' ? connectLegacyHttp(hub.url, options) : connectModernHttp(hub.url, options);
    case 'ws':
      return connectWs(at('/ws').replace('http:', 'ws:'), { ...options, era });
    case 'sse':
      return connectSse(at('/sse'), options);
    case 'stdio':
      return connectStdio(process.execPath, [hatagoBin, 'serve', '--stdio', '--config', hub.configFile], {
        ...options,
        era,
        env: { HATAGO_HOME: `${hub.home}-stdio`, HATAGO_LOG: 'json' },
      });
  }
}
