import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODES, nodeBinary } from '../../scripts/lib/nodes.mjs';
import { root } from './support/paths.ts';
import { ended, firstJsonLine } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { journal } from './support/servers.ts';

const scope = createScope();
afterAll(() => scope.close());

const VERSIONS = [
  ['the Node at hand', undefined] as const,
  ...Object.values(NODES).map((v) => [`Node ${v}`, v] as const),
];
const START_MS = 240_000;

describe('the package as it is published', () => {
  const folder = scope.dir();
  /** Alone in its folder: it needs nothing that lies beside it. */
  const bin = join(scope.dir(), 'hatago.cjs');

  beforeAll(() => {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
      cwd: join(root, 'packages/hatago'),
      stdio: 'pipe',
    });
    execFileSync('tar', [
      '-xzf',
      join(folder, `hatago-${manifest(root, 'packages/hatago').version}.tgz`),
      '-C',
      folder,
    ]);
    copyFileSync(join(folder, 'package/dist/hatago.cjs'), bin);
  }, START_MS);

  it('has one program file, and papers', () => {
    const files = readdirSync(join(folder, 'package'), { recursive: true, withFileTypes: true });
    const names = files.filter((file) => file.isFile()).map((file) => file.name);
    const papers = names.filter((name) => name === 'package.json' || /^[A-Z-]+(\.[a-z]{2})?(\.md|\.txt)?$/.test(name));
    expect(names.filter((name) => !papers.includes(name))).toEqual(['hatago.cjs']);
  });

  it('has no dependency to install', () => {
    const { dependencies, optionalDependencies = {}, bin: bins } = manifest(folder, 'package');
    expect(dependencies).toBeUndefined();
    expect(Object.keys(optionalDependencies).filter((name) => name !== '@napi-rs/keyring')).toEqual([]);
    expect(bins).toEqual({ hatago: 'dist/hatago.cjs' });
    expect(existsSync(join(folder, 'node_modules'))).toBe(false);
  });

  it.each(VERSIONS)(
    'runs on %s: tells its version, serves, lists and calls',
    async (_name, version) => {
      const node = version === undefined ? process.execPath : nodeBinary(version);
      const home = scope.dir();
      const config = join(home, 'hatago.config.json');
      const { entry } = await journal(scope, { transport: 'stdio', era: 'legacy' });
      writeFileSync(config, JSON.stringify({ version: 2, mcpServers: { j: entry } }));
      const env = { PATH: process.env.PATH, HOME: home, HATAGO_LOG: 'json', HATAGO_HOME: join(home, 'state') };
      const run = (...args: string[]): string => String(execFileSync(node, [bin, ...args], { env, cwd: home }));

      expect(run('--version').trim()).toBe(manifest(folder, 'package').version);
      const args = ['serve', '--http', '--port', '0', '--json', '--config', config];
      const hub = spawn(node, [bin, ...args], { env, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
      scope.defer(() => void hub.kill('SIGKILL'));
      await firstJsonLine(hub);
      const { servers: rows } = JSON.parse(run('list', '--json', '--config', config)) as { servers: { id: string }[] };
      expect(rows.map(({ id }) => id)).toEqual(['j']);
      expect(run('call', 'j_echo', '-i', '{"nonce":"n1"}', '--config', config)).toContain('n1');
      hub.kill('SIGTERM');
      expect(await ended(hub)).toBe(0);
    },
    START_MS,
  );
});

interface Manifest {
  readonly version: string;
  readonly bin?: object;
  readonly dependencies?: object;
  readonly optionalDependencies?: Record<string, string>;
}

function manifest(...path: string[]): Manifest {
  return JSON.parse(readFileSync(join(...path, 'package.json'), 'utf8')) as Manifest;
}
