import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Scope } from './scope.ts';

/** One release to be published. */
export interface Release {
  readonly name: string;
  readonly version: string;
  /** Names of its commands; all run the same server. @default the name without its scope */
  readonly commands?: readonly string[];
  readonly publisher?: string;
  readonly deprecated?: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** A registry of npm on this machine, and a home directory that is configured for it. */
export interface NpmRegistry {
  readonly url: string;
  /** The environment in which npm and npx use it, and nothing else. */
  readonly env: Readonly<Record<string, string>>;
  publish(release: Release): void;
  /** Paths that were asked for, oldest first. */
  asked(): readonly string[];
}

/** A server with one tool, `version`, which says which release of it runs; it needs no other package. */
const SERVER = (version: string): string => `#!/usr/bin/env node
let rest = '';
const answers = {
  initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'tiny', version: '${version}' } },
  'tools/list': { tools: [{ name: 'version', description: 'which release', inputSchema: { type: 'object' } }] },
  'tools/call': { content: [{ type: 'text', text: ['${version}', process.pid, ...process.argv.slice(2)].join(' ') }] },
  ping: {},
};
process.stdin.on('end', () => process.exit(0)).on('data', (chunk) => {
  rest += chunk;
  const lines = rest.split('\\n');
  rest = lines.pop();
  for (const line of lines) {
    const { id, method } = JSON.parse(line);
    if (id === undefined) continue;
    const result = answers[method];
    const body = result === undefined ? { error: { code: -32601, message: 'no such method' } } : { result };
    process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...body }) + '\\n');
  }
});
`;

/** Starts a registry; the scope ends it. */
export async function npmRegistry(scope: Scope): Promise<NpmRegistry> {
  const releases: (Release & { readonly tarball: Buffer })[] = [];
  const asked: string[] = [];
  let url = '';
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname).slice(1);
    asked.push(path);
    const [name = '', file] = path.split('/-/');
    const found = releases.filter((release) => release.name === name);
    const tarball = found.find((release) => file === `${release.version}.tgz`)?.tarball;
    if (file !== undefined && tarball !== undefined) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(tarball);
      return;
    }
    const body = file === undefined && found.length > 0 ? packumentOf(found, url) : { error: 'Not found' };
    const status = 'error' in body ? 404 : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const home = scope.dir();
  const settings = join(home, '.npmrc');
  writeFileSync(
    settings,
    `registry=${url}/\ncache=${join(home, '.npm')}\naudit=false\nfund=false\nupdate-notifier=false\n`,
  );
  return {
    url,
    env: {
      HOME: home,
      // What the tests themselves were started with must not lead elsewhere.
      npm_config_registry: `${url}/`,
      npm_config_userconfig: settings,
      npm_config_cache: join(home, '.npm'),
    },
    publish: (release) => void releases.push({ ...release, tarball: pack(release) }),
    asked: () => asked,
  };
}

/** @see https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
function packumentOf(releases: readonly (Release & { readonly tarball: Buffer })[], url: string): object {
  const [{ name } = { name: '' }] = releases;
  const versions = releases.map(({ tarball, publisher = 'somebody', ...release }) => [
    release.version,
    {
      ...manifestOf(release),
      ...(release.deprecated === undefined ? {} : { deprecated: release.deprecated }),
      _npmUser: { name: publisher, email: 'x@example.com' },
      dist: {
        tarball: `${url}/${name}/-/${release.version}.tgz`,
        integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
        shasum: createHash('sha1').update(tarball).digest('hex'),
      },
    },
  ]);
  return {
    name,
    'dist-tags': { latest: releases.at(-1)?.version },
    versions: Object.fromEntries(versions),
    time: Object.fromEntries(releases.map(({ version }) => [version, '2026-01-01T00:00:00.000Z'])),
  };
}

function manifestOf({ name, version, commands, scripts }: Release): object {
  const names = commands ?? [name.slice(name.indexOf('/') + 1)];
  return {
    name,
    version,
    description: `release ${version}`,
    license: 'MIT',
    bin: Object.fromEntries(names.map((command) => [command, 'server.js'])),
    ...(scripts === undefined ? {} : { scripts }),
  };
}

function pack(release: Release): Buffer {
  const files = {
    'package/package.json': JSON.stringify(manifestOf(release)),
    'package/server.js': SERVER(release.version),
  };
  const entries = Object.entries(files).flatMap(([name, text]) => tarEntry(name, Buffer.from(text)));
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));
}

/** @see POSIX ustar interchange format */
function tarEntry(name: string, content: Buffer): Buffer[] {
  const header = Buffer.alloc(512);
  const put = (text: string, at: number): void => void header.write(text, at, 'latin1');
  put(name, 0);
  put('0000755\0', 100);
  put('0000000\0', 108);
  put('0000000\0', 116);
  put(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  put('00000000000\0', 136);
  put('        ', 148);
  put('0', 156);
  put('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}
