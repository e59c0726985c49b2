import { isRecord, type Payload } from '@hatago/protocol';

const ACTIONS: readonly unknown[] = ['accept', 'decline', 'cancel'];

/** Whether a client's answer has the shape of the result that the ask's method calls for. */
export function answersAsk(method: string, answer: Payload): boolean {
  const value = answer.value();
  if (!isRecord(value)) return false;
  if (method === 'elicitation/create') return ACTIONS.includes(value.action);
  if (method === 'roots/list') return Array.isArray(value.roots);
  return value.content !== undefined && typeof value.role === 'string';
}
