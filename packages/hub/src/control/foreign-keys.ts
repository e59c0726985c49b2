/** Keys that clients and other hubs write beside those of ours; nothing is done with them. */
export const FOREIGN_SERVER_KEYS: ReadonlySet<string> = new Set([
  'alwaysAllow',
  'autoApprove',
  'autoapprove',
  'dev',
  'disabledTools',
  'enabled',
  'enabledTools',
  'envFile',
  'gallery',
  'icon',
  'sandbox',
  'sandboxEnabled',
  'skills',
  'timeout',
  'trust',
]);

/** The same for a whole document. */
export const FOREIGN_TOP_KEYS: ReadonlySet<string> = new Set(['inputs', 'sandbox', 'notifications']);
