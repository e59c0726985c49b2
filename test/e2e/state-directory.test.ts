import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningHub, startHub, writeConfig } from './support/hub.ts';
import { hatago } from './support/live.ts';
import type { Ended } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { journal } from './support/servers.ts';

const scope = createScope();
afterAll(() => scope.close());

describe('a state directory that cannot be made', () => {
  it('keeps no hub from serving', async () => {
    const { entry } = await journal(scope, { transport: 'stdio', era: 'legacy' });
    const hub = await startHub(
      scope,
      { mcpServers: { j: entry } },
      { env: { HATAGO_HOME: join(scope.file('file', ''), 'home') } },
    );
    expect((await fetch(hub.url.replace(/mcp$/, 'readyz'))).status).toBe(200);
    expect(hub.stderr()).toContain('the commands do not find this hub');
    expect(hub.stderr()).not.toContain('    at ');
    expect(await hub.stop()).toBe(0);
  });
});

describe('a state directory that several configurations share', () => {
  const home = scope.dir();
  const env = { HATAGO_HOME: home };
  const on = (config: string, ...args: string[]): Promise<Ended> => hatago([...args, '-c', config], { env });
  let entry: Record<string, unknown>;
  let first: RunningHub;
  let other: string;
  beforeAll(async () => {
    entry = (await journal(scope, { transport: 'stdio', era: 'legacy' })).entry;
    first = await startHub(scope, { mcpServers: { a: entry } }, { env });
    other = writeConfig(scope, { mcpServers: { b: entry, c: entry } }).file;
  });

  it('has no hub for a configuration that none serves, and names the one of another', async () => {
    for (const words of [['status'], ['stop'], ['reload'], ['inspect']]) {
      const { code, stderr } = await on(other, ...words);
      expect(code, words.join(' ')).toBe(3);
      expect(stderr).toContain(`(process ${first.pid}) serves ${first.configFile}; use --config ${first.configFile}`);
    }
    const called = await on(other, 'call', 'a_echo', '-i', '{"nonce":"x"}');
    expect([called.code, called.stderr]).toEqual([4, expect.stringContaining('Unknown tool')]);
    const removed = await on(other, 'rm', 'c');
    expect([removed.code, removed.stdout]).toEqual([0, expect.not.stringContaining('The running hub has it')]);
    expect((await on(first.configFile, 'status')).code).toBe(0);
  });

  it('has a hub for each, that its own commands reach', async () => {
    const second = await startHub(scope, { mcpServers: { b: entry } }, { env });
    expect(second.stderr()).not.toContain('cannot be controlled');
    const announced = join(home, `run/hub.${second.pid}.json`);
    expect(statSync(announced).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(announced, 'utf8'))).toMatchObject({ url: second.url, config: second.configFile });
    for (const { pid, configFile } of [first, second]) {
      const { stdout } = await on(configFile, 'status', '--json');
      expect(JSON.parse(stdout)).toMatchObject({ pid, config: configFile });
    }
    expect((await on(second.configFile, 'call', 'b_echo', '-i', '{"nonce":"hi"}')).code).toBe(0);
    expect((await on(second.configFile, 'stop')).code).toBe(0);
    expect(existsSync(announced)).toBe(false);
    expect((await on(second.configFile, 'status')).code).toBe(3);
    expect((await on(first.configFile, 'status')).code).toBe(0);
    expect((await on(first.configFile, 'stop')).code).toBe(0);
    expect(existsSync(join(home, 'run/hub.json'))).toBe(false);
  });
});
