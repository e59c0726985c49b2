import type { UserConfig } from 'tsdown';

const config: UserConfig = {
  cwd: import.meta.dirname,
  entry: ['src/index.ts'],
  platform: 'node',
  fixedExtension: true,
  target: 'node20',
  dts: { oxc: true },
};

export default config;
