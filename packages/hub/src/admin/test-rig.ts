import * as z from 'zod/mini';
import type { Control, ControlOptions } from './admin-side.ts';
import { ALL } from './api.ts';
import { findEndpoint } from './endpoints.ts';
import { type Answer, ask, makeFolder, NO_SECRETS, type TestFolder } from './test-hub.ts';

/** What a test of the admin side needs of a hub, which stands a floor higher. */
export interface RigHub {
  listen(options: { readonly port: number }): Promise<{ readonly url: string; readonly port: number }>;
  openControl(options: ControlOptions): Promise<Control>;
  readonly settled: Promise<void>;
  stop(reason: string, options: { readonly graceMs: number }): Promise<void>;
}

/** What a rig is made of. */
export interface RigOptions<Hub extends RigHub> {
  create(options: object): Hub;
  readonly config: object;
  readonly control?: Partial<ControlOptions>;
  /** Called in reverse when the test is over. */
  readonly closers: (() => unknown)[];
}

/** A hub that serves, and is asked over its socket. */
export interface Rig<Hub extends RigHub> {
  readonly folder: TestFolder;
  readonly hub: Hub;
  readonly socket: string;
  readonly token: string;
  readonly listener: { readonly url: string; readonly port: number };
  /** Why it was told to end. */
  readonly stopped: string[];
  /** Asks the API; an answer that is not what the document says of it is an error. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** Starts a hub over a configuration file of its own. */
export async function startRig<Hub extends RigHub>(options: RigOptions<Hub>): Promise<Rig<Hub>> {
  const folder = makeFolder(options.config);
  options.closers.push(() => folder.remove());
  const stopped: string[] = [];
  const hub = options.create(folder.options());
  options.closers.push(() => hub.stop('the test is over', { graceMs: 0 }));
  const listener = await hub.listen({ port: 0 });
  const { socket = '', token } = await hub.openControl({
    home: folder.home,
    configFile: folder.file,
    ...NO_SECRETS,
    ...options.control,
    shutdown: (reason) => void stopped.push(reason),
  });
  await hub.settled;
  const call: Rig<Hub>['call'] = async (method, path, body, headers = {}) => {
    const answer = await ask({ at: socket, method, path: `/api/v1${path}`, body, headers });
    const found = findEndpoint(ALL, method, path.split('?')[0] as string);
    if (answer.status < 300 && found !== undefined && 'endpoint' in found) {
      const fault = z.safeParse(found.endpoint.response, answer.body).error?.message;
      if (fault !== undefined) throw new Error(`${method} ${path} answers something else than its document: ${fault}`);
      const status = found.endpoint.status ?? 200;
      if (answer.status !== status) throw new Error(`${method} ${path} answers ${answer.status}, not ${status}`);
    }
    return answer;
  };
  return { folder, hub, socket, token, listener, stopped, call };
}

const SERVER = `process.stdin.on('data', (c) => { for (const l of String(c).split('\\n').filter(Boolean)) {
  const { id, method } = JSON.parse(l); if (id === undefined) continue;
  const serverInfo = { name: 't', version: '1' };
  const tools = [{ name: 'echo', description: 'Says it again.', inputSchema: { type: 'object' } }];
  const result = method === 'initialize' ? { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo }
    : method === 'tools/list' ? { tools } : {};
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n'); } });
process.stderr.write('hello from the server\\n');`;

/** A server with one tool, as an entry of a configuration. */
export const TEST_SERVER: { readonly command: string; readonly args: readonly string[] } = {
  command: process.execPath,
  args: ['-e', SERVER],
};

/** The refusal in an answer. */
export function errorOf({ body }: Answer): {
  readonly code: string;
  readonly message: string;
  readonly next: string;
  readonly correlationId: string;
  readonly details?: readonly string[];
} {
  return body['error'] as never;
}
