import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openKeyring } from './keyring.ts';

describe('the keyring of the operating system', { timeout: 30_000 }, () => {
  it('is left alone where that is asked for', () => {
    expect(openKeyring({ HATAGO_KEYRING: 'off' })).toBeUndefined();
  });

  it.runIf(process.platform === 'linux')(
    'that cannot be reached keeps nothing, gives nothing, and says nothing',
    () => {
      const module = JSON.stringify(fileURLToPath(new URL('./keyring.ts', import.meta.url)));
      const script = `import { openKeyring } from ${module};
      const keyring = openKeyring({});
      const kept = keyring.set('hatago test', 'x');
      const found = keyring.get('hatago test');
      keyring.remove('hatago test');
      process.stdout.write(JSON.stringify({ kept, found: found ?? null }));`;
      const nowhere = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent', XDG_RUNTIME_DIR: '/nonexistent' };
      const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        encoding: 'utf8',
        env: { ...process.env, ...nowhere, NODE_OPTIONS: '' },
      });
      expect(JSON.parse(stdout)).toEqual({ kept: false, found: null });
      expect(stderr).toBe('');
    },
  );
});
