import type { Scanned } from '@hatago/protocol';
import type { LinkEvents } from './link.ts';

/** Whether a scanned text is a JSON-RPC message, or a batch of nothing else. */
export function isMessage(scanned: Scanned): boolean {
  if (scanned.top !== undefined) return scanned.top.names.includes('jsonrpc');
  const { elements } = scanned;
  return elements !== undefined && elements.length > 0 && elements.every((element) => isMessage(element));
}

/** Reports a message, or the elements of a batch one by one. */
export function deliver(
  scanned: Scanned,
  relatedTo: number | undefined,
  events: Pick<LinkEvents, 'message'>,
  status?: number,
): void {
  if (scanned.elements === undefined) events.message(scanned, relatedTo, status);
  else for (const element of scanned.elements) events.message(element, relatedTo, status);
}
