import { type Edits, editObject, Payload } from '@hatago/protocol';
import type { Exchange } from '../core/exchange.ts';
import { stampAsks } from './stamp-asks.ts';
import type { UriRewriter } from './uri-rewriter.ts';

/** Under what names a client knows a task. */
export interface TaskNames {
  readonly server: string;
  /** The task's public id. */
  readonly taskId: string;
  readonly rewriter: UriRewriter | undefined;
}

/** What a server says of a task in the form its client may see, questions and result included. */
export function publicTask(task: Payload, names: TaskNames, { envelope }: Pick<Exchange, 'envelope'>): Payload {
  const { server, taskId, rewriter } = names;
  const members = task.members()?.names ?? [];
  const edits: Record<string, Edits[string]> = {};
  if (members.includes('taskId')) edits.taskId = JSON.stringify(taskId);
  const result = rewriter === undefined ? undefined : task.member('result');
  if (result?.members() !== undefined) edits.result = (rewriter as UriRewriter).result(result).pieces();
  const asks = task.member('inputRequests');
  if (asks?.members() !== undefined) {
    // An attached edge refuses by itself what its client cannot answer, so that the call ends.
    edits.inputRequests = stampAsks(
      asks,
      server,
      envelope.asks === 'attached' ? undefined : envelope.clientCapabilities,
    );
  }
  return Object.keys(edits).length === 0 ? task : Payload.ofPieces(editObject(task, edits));
}
