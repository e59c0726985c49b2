import { Payload } from './payload.ts';
import { scan } from './scan.ts';

const UNBOUNDED = { maxDepth: Number.POSITIVE_INFINITY, maxTokens: Number.POSITIVE_INFINITY };

/** The elements of the array a payload is, each over the same bytes where it can be; undefined when it is no array. */
export function elementsOf(array: Payload): Payload[] | undefined {
  const bytes = array.bytes();
  const scanned = scan(bytes, 0, bytes.length, UNBOUNDED);
  if (scanned.ok) {
    return scanned.value.elements?.map(({ source, start, end, top }) => Payload.ofBytes(source, start, end, top));
  }
  // Members of one name in an element: as values they are told apart.
  const value = array.value();
  return Array.isArray(value) ? value.map((element: unknown) => Payload.ofValue(element)) : undefined;
}
