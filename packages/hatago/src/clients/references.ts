import { isRecord } from '@hatago/protocol';

/** How a client writes references to variables inside its strings. */
export type ReferenceStyle = 'braces' | 'dollar' | 'opencode' | 'none';

/** Where a project's and the user's folders are. */
export interface Folders {
  readonly project: string;
  readonly home: string;
}

const EDITOR: Readonly<Record<string, (folders: Folders) => string>> = {
  workspaceFolder: ({ project }) => project,
  cwd: ({ project }) => project,
  userHome: ({ home }) => home,
  workspaceFolderBasename: ({ project }) => project.split(/[\\/]/).at(-1) ?? '',
  pathSeparator: ({ home }) => (home.includes('\\') ? '\\' : '/'),
  '/': ({ home }) => (home.includes('\\') ? '\\' : '/'),
};

/**
 * Rewrites the references of a client's strings to ours: `${env:X}`, `$X` and `{env:X}` become `${X}`, folders become
 * paths, and a value the client asks its user for becomes `${secret:X}`.
 */
export function toOurReferences(value: unknown, style: ReferenceStyle, folders: Folders): unknown {
  if (typeof value === 'string') return translate(value, style, folders);
  if (Array.isArray(value)) return value.map((item) => toOurReferences(item, style, folders));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toOurReferences(part, style, folders)]));
}

function translate(text: string, style: ReferenceStyle, folders: Folders): string {
  if (style === 'none') return text;
  if (style === 'opencode') {
    return text.replace(/\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => `\${${name}}`);
  }
  const braces = text.replace(/\$\{([^${}]+)\}/g, (whole, inner: string) => {
    const folder = EDITOR[inner];
    if (folder !== undefined) return folder(folders);
    const env = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(inner)?.[1];
    if (env !== undefined) return `\${${env}}`;
    const input = /^input:(.+)$/.exec(inner)?.[1];
    return input === undefined ? whole : `\${secret:${input.replace(/[^A-Za-z0-9_.-]/g, '-')}}`;
  });
  return style === 'dollar'
    ? braces.replace(/\$([A-Za-z_][A-Za-z0-9_]*)/g, (_, name: string) => `\${${name}}`)
    : braces;
}
