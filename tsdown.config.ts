import type { UserConfig } from 'tsdown';

const config: UserConfig = { workspace: 'packages/*', clean: true, logLevel: 'warn' };

export default config;
