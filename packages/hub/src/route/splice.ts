import { Payload, type Piece, scan } from '@hatago/protocol';

/** What the hub holds was bounded when it came in. */
const UNBOUNDED = { maxDepth: Number.POSITIVE_INFINITY, maxTokens: Number.POSITIVE_INFINITY };

/** The array with each object in it changed; an element for which `change` gives undefined stays the bytes it was. */
export function editArray(array: Payload, change: (element: Payload) => readonly Piece[] | undefined): Piece[] {
  const elements = array.elements();
  if (elements === undefined) return [...array.pieces()];
  const out: Piece[] = ['['];
  elements.forEach((element, i) => {
    if (i > 0) out.push(',');
    out.push(...((element.isObject() ? change(element) : undefined) ?? element.pieces()));
  });
  out.push(']');
  return out;
}

/** A complete JSON text with its members found once, so that edges splice into it without reading it again. */
export function scannedPayload(bytes: Uint8Array): Payload {
  const scanned = scan(bytes, 0, bytes.length, UNBOUNDED);
  return Payload.ofBytes(bytes, 0, bytes.length, scanned.ok ? scanned.value.top : undefined);
}
