const UNIX = new Set([
  'HOME',
  'LOGNAME',
  'USER',
  'PATH',
  'SHELL',
  'TERM',
  'LANG',
  'TMPDIR',
  'TZ',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
]);

const WINDOWS = new Set([
  ...UNIX,
  'ALLUSERSPROFILE',
  'APPDATA',
  'COMMONPROGRAMFILES',
  'COMMONPROGRAMFILES(X86)',
  'COMSPEC',
  'HOMEDRIVE',
  'HOMEPATH',
  'LOCALAPPDATA',
  'NUMBER_OF_PROCESSORS',
  'OS',
  'PATHEXT',
  'PROCESSOR_ARCHITECTURE',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'PROGRAMFILES(X86)',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'USERDOMAIN',
  'USERNAME',
  'USERPROFILE',
  'WINDIR',
]);

/** What {@link buildEnvironment} works from. */
export interface EnvironmentInput {
  /** The hub's own environment. */
  readonly inherited: { readonly [name: string]: string | undefined };
  /** What the configuration declares for the server; `null` takes a variable away. @default {} */
  readonly declared?: { readonly [name: string]: string | null } | undefined;
  /** As `process.platform`. */
  readonly platform: string;
}

/**
 * The environment of a child: of the hub's own only what a program needs to run (home, user, path, shell, terminal,
 * language, temporary directory, time zone, proxies, certificate authorities), and what is declared for it.
 */
export function buildEnvironment({ inherited, declared = {}, platform }: EnvironmentInput): Record<string, string> {
  const windows = platform === 'win32';
  const allowed = windows ? WINDOWS : UNIX;
  const out: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(inherited)) {
    const key = windows || name.endsWith('_proxy') ? name.toUpperCase() : name;
    if (value === undefined || !(allowed.has(key) || key.startsWith('LC_'))) continue;
    // A shell function that was exported is code, whatever the variable is called.
    if (value.startsWith('() {')) continue;
    out[name] = value;
  }
  for (const [name, value] of Object.entries(declared)) {
    if (windows)
      for (const taken of Object.keys(out)) if (taken.toUpperCase() === name.toUpperCase()) delete out[taken];
    if (value === null) delete out[name];
    else out[name] = value;
  }
  return out;
}
