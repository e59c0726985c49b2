import { isRecord, type Payload } from '@hatago/protocol';

/** The id and the state of the legacy task a payload holds, if it holds one. */
export function legacyTaskIn(task: Payload | undefined): { taskId: string; status: string } | undefined {
  const value = task?.value();
  if (!isRecord(value) || typeof value.taskId !== 'string' || typeof value.status !== 'string') return undefined;
  return { taskId: value.taskId, status: value.status };
}

/** The key of `_meta` that says which task a message belongs to. @see MCP 2025-11-25 tasks */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** The task a message says it belongs to. */
export function relatedTaskOf(params: Payload): string | undefined {
  return params.member('_meta')?.member(RELATED_TASK)?.text('taskId');
}
