import { err, ok, type Result } from '@hatago/protocol';

/**
 * The place that a person names in a document: `mcpServers.fs.args[0]`, with names that hold a dot in brackets and quotes,
 * `mcpServers["a.b"].url`; or as a JSON pointer, `/mcpServers/fs/args/0`. @see RFC 6901
 */
export function parseKeyPath(text: string): Result<readonly (string | number)[], string> {
  if (text.startsWith('/')) return ok(text.slice(1).split('/').map(fromPointer));
  const path: (string | number)[] = [];
  const step = /(?:^|\.)([^.[\]"]+)|\[(\d{1,6})\]|\[("(?:[^"\\]|\\.)*")\]/y;
  while (step.lastIndex < text.length) {
    const at = step.lastIndex;
    const [, name, index, quoted] = step.exec(text) ?? [];
    if (name !== undefined) path.push(name);
    else if (index !== undefined) path.push(Number(index));
    else if (quoted !== undefined) path.push(JSON.parse(quoted) as string);
    else return err(`${JSON.stringify(text)} is no key: nothing can be read at ${JSON.stringify(text.slice(at))}`);
  }
  return path.length === 0 ? err('the key is empty') : ok(path);
}

function fromPointer(part: string): string | number {
  const text = part.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^(?:0|[1-9]\d{0,5})$/.test(text) ? Number(text) : text;
}

/** What stands at a place; undefined when nothing does. */
export function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    document,
  );
}
