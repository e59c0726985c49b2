import { resolve } from 'node:path';
import { isRecord } from '@hatago/protocol';
import type { Issue } from './issue.ts';
import { fromHome } from './paths.ts';
import { SECRET_NAME, type SecretReader } from './secret-reader.ts';

/** What references are replaced by. */
export interface ReferenceValues {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The same without what a project's `.env` says, which does not reach the user's own settings of the hub. */
  readonly own: Readonly<Record<string, string | undefined>>;
  readonly secrets: SecretReader;
  /** Whether what stands at a place of the document came with a project. */
  isProject(path: Issue['path']): boolean;
  /** The directory that a relative path at a place of the document starts from. */
  folderOf(path: Issue['path']): string;
}

/** A document without references, and what was found on the way. */
export interface Expanded {
  readonly value: Record<string, unknown>;
  /** What is not set or not understood, all of it. */
  readonly issues: readonly Issue[];
  /** The variables each server is given the value of. */
  readonly variableNames: Readonly<Record<string, readonly string[]>>;
  /** The secrets each server refers to. */
  readonly secretNames: Readonly<Record<string, readonly string[]>>;
  /** Those among them that it cannot have, with the reasons. */
  readonly missingSecrets: Readonly<Record<string, readonly { readonly name: string; readonly reason: string }[]>>;
}

/** The members of a server in which references are replaced. */
const SERVER_MEMBERS = new Set(['command', 'args', 'env', 'cwd', 'url', 'headers', 'auth']);
/** Members in which a secret would be seen by everybody who lists processes. */
const SEEN_MEMBERS = new Set(['command', 'args', 'cwd']);
/** The members of a document in which references are replaced. */
const TOP_MEMBERS = new Set(['logLevel', 'http', 'admin']);
/** Stands for a secret that is missing; the server it is for is never started. */
const NO_SECRET = '(missing secret)';

/**
 * Replaces `${VAR}`, `${VAR:-default}`, `${VAR:?message}`, `${env:VAR}`, `${secret:NAME}` and `${path:./file}`, once: what
 * they stand for is never looked into again. Servers that are disabled are left alone.
 */
export function expandReferences(document: Record<string, unknown>, values: ReferenceValues): Expanded {
  const issues: Issue[] = [];
  const variableNames: Record<string, string[]> = {};
  const secretNames: Record<string, string[]> = {};
  const missingSecrets: Record<string, { name: string; reason: string }[]> = {};
  const expandMember = (part: unknown, path: Issue['path'], use: Use): unknown => {
    if (typeof part === 'string') return expandText(part, path, use, values, issues);
    if (Array.isArray(part)) return part.map((item, i) => expandMember(item, [...path, i], use));
    if (!isRecord(part)) return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, member]) => [name, expandMember(member, [...path, name], use)]),
    );
  };
  const expandServer = (id: string, server: Record<string, unknown>): unknown => {
    const granted = Array.isArray(server['secrets']) ? server['secrets'] : undefined;
    const use = (member: string): Use => ({
      server: id,
      seen: SEEN_MEMBERS.has(member),
      url: member === 'url',
      variable(name) {
        variableNames[id] = [...new Set([...(variableNames[id] ?? []), name])];
      },
      secret(name) {
        if (granted !== undefined && !granted.includes(name)) {
          return { ok: false, issue: `the secret ${JSON.stringify(name)} is not in the "secrets" of this server` };
        }
        secretNames[id] = [...new Set([...(secretNames[id] ?? []), name])];
        const read = values.secrets(name, id);
        if (read.ok) return read;
        const missing = missingSecrets[id] ?? [];
        missingSecrets[id] = missing;
        if (!missing.some((entry) => entry.name === name)) missing.push({ name, reason: read.reason });
        return { ok: true, value: NO_SECRET };
      },
    });
    return Object.fromEntries(
      Object.entries(server).map(([name, part]) => [
        name,
        SERVER_MEMBERS.has(name) ? expandMember(part, ['mcpServers', id, name], use(name)) : part,
      ]),
    );
  };
  const ofHub: Use = {
    server: '',
    seen: false,
    url: false,
    variable() {},
    secret(name) {
      const read = values.secrets(name, '');
      return read.ok ? read : { ok: false, issue: `the secret ${JSON.stringify(name)} cannot be read: ${read.reason}` };
    },
  };
  const { mcpServers } = document;
  const expanded = Object.entries(document).map(([name, part]) => [
    name,
    TOP_MEMBERS.has(name) ? expandMember(part, [name], ofHub) : part,
  ]);
  const value: Record<string, unknown> = Object.fromEntries(expanded);
  if (isRecord(mcpServers)) {
    value['mcpServers'] = Object.fromEntries(
      Object.entries(mcpServers).map(([id, server]) => [
        id,
        isRecord(server) && server['disabled'] !== true ? expandServer(id, server) : server,
      ]),
    );
  }
  return { value, issues, variableNames, secretNames, missingSecrets };
}

/** Where a reference stands. */
interface Use {
  /** Empty for the hub's own settings. */
  readonly server: string;
  /** Others would see a secret there. */
  readonly seen: boolean;
  readonly url: boolean;
  variable(name: string): void;
  secret(name: string): { readonly ok: true; readonly value: string } | { readonly ok: false; readonly issue: string };
}

const REFERENCE = /\$\{([^{}]*)\}/g;
const VARIABLE = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::([-?])(.*))?$/s;
/** Variables that hold the keys of the hub itself. */
const OWN_KEYS = new Set(['HATAGO_MASTER_KEY', 'HATAGO_MASTER_KEY_NEXT']);

function expandText(text: string, path: Issue['path'], use: Use, values: ReferenceValues, issues: Issue[]): string {
  const wrong = (message: string): string => {
    issues.push({ path, message });
    return '';
  };
  if (/\$\{[^{}]*\$\{/.test(text)) return wrong(`a reference cannot stand inside another: ${JSON.stringify(text)}`);
  return text.replace(REFERENCE, (whole, inner: string, offset: number) => {
    if (inner.startsWith('secret:')) {
      const name = inner.slice('secret:'.length);
      if (!SECRET_NAME.test(name)) return wrong(`${whole} names no secret: A-Z a-z 0-9 _ . - only, at most 128`);
      if (use.seen)
        return wrong(`${whole} would be seen by others here; put it into "env" and let the program read it there`);
      if (use.url && !text.slice(0, offset).replace(REFERENCE, '').includes('?')) {
        return wrong(`${whole} would be shown here; put it into "headers", "auth" or behind the ? of the URL`);
      }
      const read = use.secret(name);
      return read.ok ? read.value : wrong(read.issue);
    }
    if (inner.startsWith('path:')) return resolve(values.folderOf(path), fromHome(inner.slice('path:'.length)));
    const [, name, kind, rest = ''] = VARIABLE.exec(inner) ?? [];
    if (name === undefined) {
      return /^[a-z]+:/i.test(inner)
        ? wrong(
            `${whole} is no reference known here; there are \${VAR}, \${env:VAR}, \${secret:NAME} and \${path:./file}`,
          )
        : whole;
    }
    if (OWN_KEYS.has(name)) return wrong(`\${${name}} is not for servers`);
    const isOwnSetting = use.server === '' && !values.isProject(path);
    const found = (isOwnSetting ? values.own : values.variables)[name];
    // To be empty where the user's own value is not takes that value away.
    if (found === '' && values.own[name]) use.variable(name);
    if (found !== undefined && (found !== '' || kind === undefined)) {
      use.variable(name);
      return found;
    }
    if (kind === '-') return rest;
    if (kind === '?') return wrong(`\${${name}} is not set: ${rest === '' ? 'it is needed' : rest}`);
    return wrong(`\${${name}} is not set; set it, or write \${${name}:-default}`);
  });
}
