import { homedir } from 'node:os';
import { basename, dirname, sep } from 'node:path';
import { isRecord } from '@hatago/protocol';
import type { AdaptState } from './adapt.ts';

/**
 * The records of clients: other names of `url` and of the tool lists, and VS Code's references. An input that is asked
 * for becomes a secret of that name, for the hub has nobody to ask when it starts a server.
 */
export function fromClient(
  value: Record<string, unknown>,
  written: Record<string, unknown>,
  file: string,
  { warn }: AdaptState,
): Record<string, unknown> {
  const { mcpServers, inputs: _inputs, ...rest } = value;
  if (!isRecord(mcpServers)) return value;
  const references = referencesOf(written['inputs'], file, warn);
  const servers = Object.entries(mcpServers).map(([id, server]) => [
    id,
    isRecord(server) ? replaceAll(renamed(server), references) : server,
  ]);
  return { ...rest, mcpServers: Object.fromEntries(servers) };
}

function renamed(server: Record<string, unknown>): Record<string, unknown> {
  const { httpUrl, serverUrl, includeTools, excludeTools, disabledTools, enabled, tools, ...rest } = server;
  const remote = httpUrl ?? serverUrl;
  const exclude = excludeTools ?? disabledTools;
  // A list of names is what some clients show; what a server may offer is an object.
  const chosen = {
    ...(isRecord(tools) ? tools : {}),
    ...(includeTools === undefined ? {} : { include: includeTools }),
    ...(exclude === undefined ? {} : { exclude }),
  };
  return {
    ...rest,
    ...(remote === undefined || 'url' in rest ? {} : { url: remote }),
    ...(enabled === false ? { disabled: true } : {}),
    ...(Object.keys(chosen).length === 0 ? {} : { tools: chosen }),
  };
}

type Reference = (name: string) => string | undefined;

function referencesOf(inputs: unknown, file: string, warn: AdaptState['warn']): Reference {
  const folder = dirname(file);
  const workspace = /^\.(vscode|cursor)$/.test(basename(folder)) ? dirname(folder) : folder;
  const known: Readonly<Record<string, string>> = {
    workspaceFolder: workspace,
    workspaceFolderBasename: basename(workspace),
    userHome: homedir(),
    pathSeparator: sep,
    '/': sep,
  };
  const told = new Set<string>();
  return (name) => {
    if (!name.startsWith('input:')) return known[name];
    const id = name.slice('input:'.length);
    const input = Array.isArray(inputs) ? inputs.find((entry) => isRecord(entry) && entry['id'] === id) : undefined;
    const fallback: unknown = isRecord(input) && input['password'] !== true ? input['default'] : undefined;
    if (!told.has(id)) {
      told.add(id);
      warn(
        typeof fallback === 'string'
          ? `the input ${JSON.stringify(id)} has its default here`
          : `the input ${JSON.stringify(id)} is the secret ${JSON.stringify(id)} here: hatago secret set ${id}`,
      );
    }
    return typeof fallback === 'string' ? fallback : `\${secret:${id}}`;
  };
}

function replaceAll(value: unknown, reference: Reference): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Za-z/:][^{}]*)\}/g, (whole, name: string) => reference(name) ?? whole);
  }
  if (Array.isArray(value)) return value.map((item) => replaceAll(item, reference));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replaceAll(member, reference)]));
}
