import type { Connection, ConnectionContext } from './connection.ts';
import { isRpcError } from './failures.ts';
import type { FailureKind } from './link.ts';
import type { Reply } from './peer.ts';
import type { HealthPolicy } from './spec.ts';

/** Who is told what a watch finds. */
export interface HealthEvents {
  /** How many checks in a row were not answered, 0 included. */
  missed(count: number): void;
  /** It missed too many. */
  failed(message: string): void;
}

/**
 * Asks a server regularly whether it is still there, also while nobody else asks anything of it: a process that hangs has
 * no end that could be seen. The returned function ends that; where no checks are configured nothing is done.
 */
export function watchHealth(
  connection: Connection,
  { spec, schedule, random }: ConnectionContext,
  { missed, failed }: HealthEvents,
): () => void {
  const { intervalMs, timeoutMs, failures } = spec.health ?? NEVER;
  const { peer } = connection;
  let count = 0;
  let over = false;
  const look = async (): Promise<void> => {
    if (peer.closed !== undefined) return;
    const alive = isAlive(await connection.probe(timeoutMs));
    if (over || peer.closed !== undefined) return;
    count = alive ? 0 : count + 1;
    missed(count);
    if (count < failures) stop = schedule(intervalMs, () => void look());
    else failed(`it did not answer ${count} health ${count === 1 ? 'check' : 'checks in a row'}`);
  };
  if (intervalMs === 0) return () => {};
  // Servers that were started together are not to be asked together.
  let stop = schedule(intervalMs * (0.5 + 0.5 * random()), () => void look());
  return () => {
    over = true;
    stop();
  };
}

const ANSWERED: ReadonlySet<FailureKind> = new Set(['auth', 'session_gone', 'protocol', 'too_large']);
const NEVER: HealthPolicy = { intervalMs: 0, timeoutMs: 0, failures: 1 };

/** Whether an answer came from the server, be it an error. */
function isAlive({ outcome, failure }: Reply): boolean {
  if (failure !== undefined) {
    const { kind, status = 0 } = failure;
    // Whoever refuses, or has forgotten our session, is there.
    return kind === 'http' ? status < 500 : ANSWERED.has(kind);
  }
  if (outcome.kind !== 'error') return true;
  const error = outcome.error.value();
  // Our own, for a check without an answer, or for a place it did not get.
  return !(isRpcError(error) && error.code <= -31001 && error.code >= -31011);
}
