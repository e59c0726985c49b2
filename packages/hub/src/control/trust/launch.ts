import { createHash } from 'node:crypto';
import type { ServerConfig } from '../config.ts';

/** All of a server's definition that decides what is run on this machine, and who gets which secret. */
export interface Launch {
  readonly command: string | null;
  readonly args: readonly string[];
  readonly cwd: string | null;
  /** Names of the variables it sets, sorted; with their values where those decide what is run. */
  readonly env: readonly string[];
  /** Origin and path; null for a process. */
  readonly url: string | null;
  /** Names of the headers, sorted. */
  readonly headers: readonly string[];
  /** Names of the variables of this machine whose value it is given, sorted. */
  readonly given: readonly string[];
  /** Names of the secrets it gets, sorted. */
  readonly secrets: readonly string[];
}

/** What was read of the secrets while a configuration was loaded: for each server the values by name, empty where missing. */
export type SecretsRead = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Variables whose value makes a program load or run something else. */
export const DECISIVE: RegExp =
  /^(?:NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|PATH|PATHEXT|COMSPEC|SHELL|HOME|USERPROFILE|ENV|BASH_ENV|BASH_FUNC_.*|ZDOTDIR|IFS|PYTHON.*|PERL5.*|PERLLIB|RUBY.*|GEM_.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|DOTNET_.*|LD_.*|DYLD_.*|GCONV_PATH|GIT_.*|npm_config_.*|NPM_CONFIG_.*|UV_.*|PIP_.*|DENO_.*|BUN_.*|.*_PROXY|.*_proxy)$/i;

/** What a server is given of this machine besides its definition. */
export interface Given {
  /** Names of variables. */
  readonly variables?: readonly string[] | undefined;
  /** Values by name. */
  readonly secrets?: ReadonlyMap<string, string> | undefined;
}

/** What a server would run, the values of its secrets replaced by their names. */
export function launchOf(server: ServerConfig, { variables = [], secrets = new Map() }: Given = {}): Launch {
  const mask = (text: string): string =>
    [...secrets]
      .filter(([, value]) => value !== '')
      .reduce((masked, [name, value]) => masked.replaceAll(value, `\${secret:${name}}`), text);
  const env = Object.entries(server.env).map(([name, value]) =>
    DECISIVE.test(name) ? `${name}=${value === null ? '' : mask(value)}` : name,
  );
  return {
    command: server.command === undefined ? null : mask(server.command),
    args: server.args.map(mask),
    cwd: server.cwd === undefined ? null : mask(server.cwd),
    env: env.sort(),
    url: server.url === undefined ? null : mask(addressOf(server.url)),
    headers: Object.keys(server.headers).sort(),
    given: [...variables].sort(),
    secrets: [...secrets.keys()].sort(),
  };
}

/** Whether it has to be approved where it comes from others: it runs a command, or is given something of this machine. */
export function needsApproval({ command, given, secrets }: Launch): boolean {
  return command !== null || given.length + secrets.length > 0;
}

/** The hash an approval is bound to. */
export function hashLaunch(launch: Launch): string {
  const { command, args, cwd, env, url, headers, given, secrets } = launch;
  return createHash('sha256')
    .update(JSON.stringify([1, command, args, cwd, env, url, headers, given, secrets]))
    .digest('hex');
}

function addressOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
