/** Whether an `Accept` header allows a stream of events; a client that names nothing takes everything. */
export function acceptsStream(accept: string | undefined): boolean {
  if (accept === undefined || accept.includes('text/event-stream')) return true;
  return /(?:\*\/\*|text\/\*|text\/event-stream)/i.test(accept);
}
