import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toLaunchdPlist } from './launchd.ts';
import { findServiceManager } from './manager.ts';
import { isFleeting, type ServiceSpec, toServiceSpec } from './spec.ts';
import { toSystemdUnit } from './systemd.ts';

const SPEC: ServiceSpec = {
  name: 'hatago',
  command: ['/usr/bin/node', '/opt/my "bin"/hatago.cjs', 'serve', '--config', '/home/a/100% $HOME\\x.jsonc'],
  folder: '/home/a/100%',
  env: { PATH: '/usr/bin:/opt/<b>&', HATAGO_HOME: '/home/a/.hatago' },
  home: '/home/a/.hatago',
};

describe('a systemd unit', () => {
  it('says what to run, with everything quoted that means something to systemd', () => {
    const lines = toSystemdUnit(SPEC).split('\n');
    expect(lines).toContain(
      'ExecStart="/usr/bin/node" "/opt/my \\"bin\\"/hatago.cjs" "serve" "--config" "/home/a/100%% $$HOME\\\\x.jsonc"',
    );
    expect(lines).toContain('WorkingDirectory=/home/a/100%%');
    expect(lines).toContain('Environment="HATAGO_HOME=/home/a/.hatago"');
    expect(lines).toContain('RestartPreventExitStatus=2 4 78');
    expect(lines).toContain('WantedBy=default.target');
  });

  it('is refused where a value could add a line', () => {
    expect(() => toSystemdUnit({ ...SPEC, command: ['a\nExecStartPre=b'] })).toThrow(/line break/);
  });
});

describe('a launchd property list', () => {
  it('says what to run, with everything escaped that means something to XML', () => {
    const text = toLaunchdPlist(SPEC);
    expect(text).toContain('<key>Label</key><string>dev.hatago.hatago</string>');
    expect(text).toContain('    <string>/opt/my "bin"/hatago.cjs</string>');
    expect(text).toContain('<key>PATH</key><string>/usr/bin:/opt/&lt;b&gt;&amp;</string>');
    expect(text).toContain('<key>StandardErrorPath</key><string>/home/a/.hatago/logs/service.log</string>');
  });
});

describe('what a service runs', () => {
  let cwd: string;
  let script: string;
  beforeEach(() => {
    cwd = realpathSync(mkdtempSync(join(tmpdir(), 'hatago-service-')));
    mkdirSync(join(cwd, '.hatago'));
    writeFileSync(join(cwd, '.hatago', 'config.jsonc'), '{}');
    script = join(cwd, 'hatago.cjs');
    writeFileSync(script, '');
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));
  const spec = (options: object = {}, env: NodeJS.ProcessEnv = {}): ServiceSpec =>
    toServiceSpec({ name: 'hatago', tags: [], ...options }, { cwd, env, node: '/node', script });

  it('is the hub that would be served here; a file that was only found is not vouched for by naming it', () => {
    expect(spec()).toEqual({
      name: 'hatago',
      command: ['/node', script, 'serve', '--http'],
      folder: cwd,
      env: {},
      home: join(cwd, '.hatago'),
    });
    const file = join(cwd, '.hatago', 'config.jsonc');
    expect(spec({ config: '.hatago/config.jsonc' }).command).toContain(file);
    expect(spec({}, { HATAGO_CONFIG: file }).command).toContain(file);
  });

  it('has the options and the environment that decide what is served, and nothing else of it', () => {
    const made = spec(
      { profile: 'work', host: '::1', port: 3536, tags: ['a', 'b'] },
      { HATAGO_HOME: '/h', PATH: '/p', TOKEN: 'secret' },
    );
    expect(made.command.slice(3)).toEqual([
      '--http',
      '--profile',
      'work',
      '--host',
      '::1',
      '--port',
      '3536',
      '--tags',
      'a,b',
    ]);
    expect(made.env).toEqual({ PATH: '/p', HATAGO_HOME: '/h' });
  });

  it('needs a name that can be one', () => {
    expect(() => spec({ name: '../x' })).toThrow(/--name/);
  });

  it('is known to be fleeting in the cache of npx', () => {
    expect(isFleeting(SPEC)).toBe(false);
    expect(isFleeting({ ...SPEC, command: ['/node', '/home/a/.npm/_npx/1f/node_modules/hatago/bin/hatago.cjs'] })).toBe(
      true,
    );
  });
});

describe('the manager of services', () => {
  it('is the one of the system', () => {
    expect(findServiceManager('linux').fileOf('hatago')).toMatch(/systemd\/user\/hatago\.service$/);
    expect(findServiceManager('darwin').fileOf('work')).toMatch(/Library\/LaunchAgents\/dev\.hatago\.work\.plist$/);
    expect(() => findServiceManager('win32')).toThrow(/hatago serve --detach/);
  });
});
