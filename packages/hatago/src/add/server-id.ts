import { basename, dirname } from 'node:path';
import { packageOfCommand } from './npx-command.ts';
import { baseName, parsePackageSpec } from './package-spec.ts';

const MAX_LENGTH = 32;
/** What a server's name says of being a server, and nothing of what it serves. */
const NOISE = /^(?:mcp-server-|server-|mcp-)|(?:-mcp-server|-mcp|-server)$/g;
const EMPTY = new Set([
  '',
  'mcp',
  'server',
  'mcp-server',
  'index',
  'main',
  'dist',
  'build',
  'src',
  'bin',
  'node',
  'cli',
]);
/** Labels of a host name that say nothing of whose it is. */
const HOST_NOISE = new Set(['www', 'mcp', 'api', 'app', 'remote', 'server', 'gateway']);

/** An id as we write them, made of any text; empty where nothing of it can be used. */
export function toServerId(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, MAX_LENGTH)
    .replace(/-+$/, '');
}

/** Whether a text can be the id of a server that is added here. */
export function isServerId(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,31}$/.test(text);
}

/** The id a package suggests: what it serves, without what only says that it is a server. */
export function idOfPackage(name: string): string {
  const scope = name.startsWith('@') ? name.slice(1, name.indexOf('/')) : '';
  const base = toServerId(baseName(name).replace(NOISE, ''));
  return EMPTY.has(base) ? toServerId(scope) || base || 'server' : base;
}

/** The id a remote server's address suggests: whose host it is, or the path where that is this machine. */
export function idOfUrl(url: string): string {
  const { hostname, pathname, port } = new URL(url);
  const labels = hostname.split('.');
  const isAddress = /^[\d.]+$|^\[/.test(hostname) || labels.length === 1;
  const owner = labels
    .slice(0, -1)
    .filter((label) => !HOST_NOISE.has(label))
    .at(-1);
  if (!isAddress && owner !== undefined) return toServerId(owner) || 'remote';
  const part = pathname
    .split('/')
    .map(toServerId)
    .find((text) => !EMPTY.has(text) && text !== 'sse');
  return part ?? (isAddress && port !== '' ? `local-${port}` : toServerId(labels[0] ?? '') || 'remote');
}

/** The id a command suggests: its package, its image, its script or the program itself. */
export function idOfCommand(command: string, args: readonly string[]): string {
  const found = packageOfCommand(command, args);
  const parsed = found === undefined ? undefined : parsePackageSpec(found.spec);
  if (parsed?.ok) return idOfPackage(parsed.value.name);
  const program = basename(command).replace(/\.(exe|cmd|bat)$/i, '');
  const words = args.filter((arg) => !arg.startsWith('-'));
  if (program === 'docker' || program === 'podman') {
    // Images are lower case; values of -e and -v that stand between are not, or are paths.
    const image = words.find((word) => word !== 'run' && /^[a-z0-9][^=A-Z]*$/.test(word));
    return named(
      image
        ?.replace(/[:@].*$/, '')
        .split('/')
        .at(-1) ?? '',
      program,
    );
  }
  if (program === 'uvx' || program === 'pipx')
    return named(words.find((word) => word !== 'run')?.replace(/[=<>@[].*$/, '') ?? '', program);
  const script = words.find((word) => /\.(?:[cm]?[jt]s|py)$/.test(word));
  if (script === undefined) return named(program, 'server');
  const file = toServerId(
    basename(script)
      .replace(/\.[^.]+$/, '')
      .replace(NOISE, ''),
  );
  return EMPTY.has(file) ? named(folderOf(script), 'server') : file;
}

/** The nearest folder above a script that is called something. */
function folderOf(script: string): string {
  for (let folder = dirname(script); folder !== dirname(folder); folder = dirname(folder)) {
    const name = toServerId(basename(folder));
    if (!EMPTY.has(name)) return name;
  }
  return '';
}

function named(text: string, otherwise: string): string {
  const id = toServerId(text.replace(NOISE, ''));
  return EMPTY.has(id) ? toServerId(otherwise) || 'server' : id;
}

/** The id itself, or the same with the first number that nobody has yet. */
export function freeId(id: string, taken: ReadonlySet<string>): string {
  let free = id;
  for (let i = 2; taken.has(free); i++) free = `${id.slice(0, MAX_LENGTH - 1 - String(i).length)}-${i}`;
  return free;
}
