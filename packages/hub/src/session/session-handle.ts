import { createHash } from 'node:crypto';

const LENGTH = 12;

/** What a session is called where it is shown: it follows from its id, and nobody can continue the session with it. */
export function sessionHandle(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, LENGTH);
}
