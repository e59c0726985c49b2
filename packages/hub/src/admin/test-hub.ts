import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok } from '@hatago/protocol';
import { loadConfig } from '../control/load.ts';
import { createFileSource } from '../control/source.ts';
import type { LogEvent } from '../core/log.ts';
import type { ControlOptions } from './admin-side.ts';

/** A configuration file in a directory of its own, with what makes a hub read it. */
export interface TestFolder {
  readonly home: string;
  readonly file: string;
  readonly logged: LogEvent[];
  /** Options for the hub. */
  options(): object;
  text(): string;
  write(text: string): void;
  remove(): void;
}

/** Writes a configuration into a new directory. */
export function makeFolder(config: object, name = 'hatago-admin-'): TestFolder {
  const home = mkdtempSync(join(tmpdir(), name));
  const file = join(home, 'hatago.config.jsonc');
  const logged: LogEvent[] = [];
  writeFileSync(file, `// mine\n${JSON.stringify(config, null, 2)}\n`);
  const load = (): ReturnType<typeof loadConfig> => loadConfig(file, { HATAGO_HOME: home });
  return {
    home,
    file,
    logged,
    options() {
      const first = load();
      if (!first.ok) throw new Error(first.error.join('\n'));
      const source = createFileSource({ first: first.value, load });
      return {
        config: first.value.config,
        source,
        watch: false,
        home,
        version: '1.2.3',
        log: (e: LogEvent) => logged.push(e),
      };
    },
    text: () => readFileSync(file, 'utf8'),
    write: (text) => writeFileSync(file, text),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** An answer over HTTP. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown>;
}

/** How a request is sent. */
export interface AskOptions {
  /** A socket, or the port of a listener of this machine. */
  readonly at: string | number;
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends one request and reads its JSON answer. */
export function ask({ at, method = 'GET', path, body, headers = {} }: AskOptions): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = send(
      {
        ...(typeof at === 'string' ? { socketPath: at } : { host: '127.0.0.1', port: at }),
        method,
        path,
        agent: false,
        headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      },
      (response) => {
        let received = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          received += chunk;
        });
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: received === '' ? {} : (JSON.parse(received) as Record<string, unknown>),
          }),
        );
      },
    );
    request.once('error', reject);
    request.end(text);
  });
}

/** Nothing is stored and everything is approved. */
export const NO_SECRETS: Pick<ControlOptions, 'secrets'> = {
  secrets: () => Promise.resolve(ok([{ name: 'TOKEN', updatedAt: '2026-01-01T00:00:00.000Z' }])),
};
