import type { UserConfig } from 'tsdown';

const config: UserConfig = {
  cwd: import.meta.dirname,
  entry: ['src/index.ts'],
  platform: 'neutral',
  fixedExtension: true,
  target: 'es2023',
  dts: { oxc: true },
};

export default config;
