import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SentEvent } from '../core/hub-event.ts';
import type { LogEvent } from '../core/log.ts';
import { DEFAULT_EDGE_LIMITS } from '../edge/deps.ts';
import { connectEmbedded, type EmbeddedClient, type JsonRpcMessage } from '../edge/embedded.ts';
import { createEvents } from '../observe/events.ts';
import { createSessions } from '../session/sessions.ts';
import { createParkedPlaces } from '../upstream/parked-places.ts';
import type { Config } from './config.ts';
import type { Controller, DesiredState } from './control-plane.ts';
import { createController } from './controller.ts';
import { parseConfig } from './schema.ts';

const JOURNAL = fileURLToPath(new URL('../../../../test/e2e/support/journal/main.mjs', import.meta.url));
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
};

/** A hub whose configuration a test changes, over real processes. */
export interface ReloadKit {
  readonly controller: Controller;
  /** A client in the same process. */
  readonly client: EmbeddedClient;
  readonly home: string;
  readonly logs: LogEvent[];
  readonly events: SentEvent[];
  /** What the embedded client was told. */
  readonly told: JsonRpcMessage[];
  /** What the source holds now. */
  state: DesiredState;
  /** The definition of a server that writes its process ids down. */
  server(name: string, more?: object): Record<string, unknown>;
  /** Process ids of every start of a server of that name. */
  pids(name: string): number[];
  /** A whole configuration with these servers. */
  config(mcpServers: object, more?: object): Config;
  /** Makes the source say this, and reloads. */
  reload(mcpServers: object, more?: object): ReturnType<Controller['reload']>;
  /** A request of the modern embedded client. */
  call(name: string, args?: object): Promise<JsonRpcMessage>;
  list(): Promise<string[]>;
  request(method: string, params?: object): Promise<JsonRpcMessage>;
  close(): Promise<void>;
}

/** Starts it with these servers. */
export function createReloadKit(first: (kit: Pick<ReloadKit, 'server'>) => object, more: object = {}): ReloadKit {
  const home = mkdtempSync(join(tmpdir(), 'hatago-reload-'));
  const logs: LogEvent[] = [];
  const events: SentEvent[] = [];
  const told: JsonRpcMessage[] = [];
  let lastId = 0;
  const server: ReloadKit['server'] = (name, extra = {}) => {
    const args = [JOURNAL, '--era', 'legacy', '--transport', 'stdio', '--pids', join(home, `${name}.pids`)];
    return { command: process.execPath, args, protocol: 'legacy', ...extra };
  };
  const config: ReloadKit['config'] = (mcpServers, extra = {}) => {
    const parsed = parseConfig({ generation: { gracePeriodMs: 0 }, ...more, ...extra, mcpServers });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    return parsed.value;
  };
  const begin = config(first({ server }));
  const log = (event: LogEvent): void => void logs.push(event);
  const hubInfo = { name: 'hatago', version: '0' };
  const hubEvents = createEvents({ now: Date.now });
  hubEvents.listen((event) => void events.push(event));
  const now = (): number => performance.now();
  const controller = createController({
    config: begin,
    registered: [],
    source: { load: () => kit.state, files: () => [] },
    folder: home,
    home: join(home, 'state'),
    sealKeys: [new Uint8Array(32).fill(7)],
    deps: { now, wallNow: Date.now, hubInfo, log, places: createParkedPlaces() },
    events: hubEvents,
    log,
  });
  const edge = {
    current: controller.current,
    hubInfo,
    limits: DEFAULT_EDGE_LIMITS,
    sessions: createSessions<never>({ now }),
    log,
    now,
    onSession: (session: string, action: 'opened' | 'closed' | 'moved') =>
      hubEvents.emit({ type: 'session', session, action }),
  };
  const kit: ReloadKit = {
    home,
    logs,
    events,
    told,
    server,
    config,
    state: { ok: true, config: begin, warnings: [] },
    controller,
    client: connectEmbedded(edge, '/mcp', (message) => void told.push(message)),
    pids: (name) => linesOf(join(home, `${name}.pids`)).map(Number),
    reload(mcpServers, extra) {
      kit.state = { ok: true, config: config(mcpServers, extra), warnings: [] };
      return controller.reload();
    },
    request: (method, params = {}) =>
      kit.client.request({
        jsonrpc: '2.0',
        id: ++lastId,
        method,
        params: { ...params, _meta: { ...ENVELOPE, ...(params as { _meta?: object })._meta } },
      }),
    call: (name, args = {}) => kit.request('tools/call', { name, arguments: { nonce: 'n', ...args } }),
    async list() {
      const { result } = await kit.request('tools/list');
      return (result as { tools: { name: string }[] }).tools.map(({ name }) => name);
    },
    async close() {
      kit.client.close('the test is over');
      await controller.close('the test is over');
      rmSync(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  return kit;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

/** The text of a tool's result. */
export function textOf({ result, error }: JsonRpcMessage): string {
  const content = (result as { content?: { text?: string }[] } | undefined)?.content;
  return content?.[0]?.text ?? `error ${JSON.stringify(error)}`;
}

/** Whether the process is there. */
export function lives(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
