import { existsSync } from 'node:fs';
import { CliError, EXIT } from '../exit.ts';
import { isOpenApi } from './openapi.ts';
import { type PackageSpec, parsePackageSpec } from './package-spec.ts';
import { isServerId, toServerId } from './server-id.ts';

/** What a person wants to add, as it was written on the command line. */
export type AddTarget =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'package'; readonly spec: PackageSpec }
  | { readonly kind: 'command'; readonly command: string; readonly args: readonly string[] };

/** A target, and the id where one was given. */
export interface Asked {
  readonly id: string | undefined;
  readonly target: AddTarget;
}

/** The words of a command line, with those after `--` apart from those before. */
export interface Words {
  readonly before: readonly string[];
  /** Undefined where there is no `--`. */
  readonly after: readonly string[] | undefined;
}

const USAGE = 'give a URL, the name of an npm package, or a command after --, e.g. hatago add files -- node server.js';

/** Parts the operands of a command at the `--` of the line it was parsed from. */
export function splitWords(operands: readonly string[], line: readonly string[]): Words {
  const at = line.indexOf('--');
  if (at === -1) return { before: operands, after: undefined };
  const after = line.slice(at + 1);
  return { before: operands.slice(0, operands.length - after.length), after };
}

/** Makes out what is to be added: `<target>`, `<id> <target>`, `-- command…` or `<id> -- command…`. */
export function parseTarget({ before, after }: Words): Asked {
  if (after !== undefined) {
    const [command, ...args] = after;
    if (command === undefined || before.length > 1) throw new CliError(USAGE, EXIT.usage);
    return { id: checkId(before[0]), target: { kind: 'command', command, args } };
  }
  const [first, second] = before;
  if (first === undefined) throw new CliError(USAGE, EXIT.usage);
  if (second === undefined) return { id: undefined, target: targetOf(first) };
  if (before.length > 2)
    throw new CliError(`a command goes after --: hatago add ${first} -- ${before.slice(1).join(' ')}`, EXIT.usage);
  return { id: checkId(first), target: targetOf(second) };
}

/** An id as it may be used for a new server. @throws CliError where it may not */
export function checkId(id: string | undefined): string | undefined {
  if (id === undefined || isServerId(id)) return id;
  const better = toServerId(id);
  const hint = better === '' ? '' : `, e.g. ${better}`;
  throw new CliError(`${JSON.stringify(id)} cannot be an id: use up to 32 of a-z, 0-9 and -${hint}`, EXIT.usage);
}

function targetOf(word: string): AddTarget {
  if (isOpenApi(word)) throw notServed(word);
  if (/^(https?|wss?):\/\//i.test(word)) return { kind: 'url', url: checkUrl(word) };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(word)) {
    throw new CliError(`${word}: only http, https, ws and wss addresses can be added`, EXIT.usage);
  }
  if (/^[./~]|^[A-Za-z]:[\\/]/.test(word) || (/[/\\]/.test(word) && !word.startsWith('@') && existsSync(word))) {
    throw new CliError(`to run a program, put it after --: hatago add -- ${word}`, EXIT.usage);
  }
  const spec = parsePackageSpec(word);
  if (!spec.ok) throw new CliError(`${spec.error}; ${USAGE}`, EXIT.usage);
  return { kind: 'package', spec: spec.value };
}

function checkUrl(url: string): string {
  if (!URL.canParse(url)) throw new CliError(`${JSON.stringify(url)} is not a URL`, EXIT.usage);
  const { username, password } = new URL(url);
  if (username === '' && password === '') return url;
  const hint = 'give them with --header, or a token with --auth bearer';
  throw new CliError(`the URL must not hold a user name or password; ${hint}`, EXIT.usage);
}

/** The refusal of a description of an HTTP interface, which is no server of MCP. */
export function notServed(what: string): CliError {
  return new CliError(
    `${what} is an OpenAPI document, and servers made from OpenAPI documents are not served yet. ` +
      'If the same service has an MCP endpoint, add its URL instead.',
  );
}
