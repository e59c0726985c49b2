import { editObject, joinPieces, type Payload } from '@hatago/protocol';

/** The client capabilities the hub can keep the promise of. */
const RELAYED: ReadonlySet<string> = new Set(['roots', 'sampling', 'elicitation', 'extensions', 'experimental']);
const MAX_CACHED = 256;
const MAX_CACHED_BYTES = 4096;
const decoder = new TextDecoder();

/** Makes the function that puts the relayed part of a caller's capabilities behind the head of a modern envelope. */
export function createEnvelopeHead(head: string): (capabilities: Payload) => string {
  const cache = new Map<string, string>();
  const empty = `${head}{}`;
  return (capabilities) => {
    const bytes = capabilities.bytes();
    if (bytes.length === 2) return empty;
    const text = decoder.decode(bytes);
    const known = cache.get(text);
    if (known !== undefined) return known;
    const made = head + relayed(capabilities);
    if (bytes.length <= MAX_CACHED_BYTES) {
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(text, made);
    }
    return made;
  };
}

function relayed(capabilities: Payload): string {
  const names = capabilities.members()?.names ?? [];
  const others = names.filter((name) => !RELAYED.has(name));
  const pieces = editObject(capabilities, Object.fromEntries(others.map((name) => [name, null])));
  return decoder.decode(joinPieces(pieces));
}
