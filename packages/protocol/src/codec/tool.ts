import { editObject } from '../edit.ts';
import { Payload } from '../payload.ts';
import { wrapSchema } from './schema.ts';

/**
 * A tool's definition as legacy clients take it: an output schema whose root is not `type: object` is wrapped in one that
 * is, and `wrapped` says that the structured content of its results must be too. The same payload where nothing changes.
 */
export function toLegacyTool(tool: Payload): { readonly tool: Payload; readonly wrapped: boolean } {
  const schema = tool.member('outputSchema');
  if (schema === undefined || schema.text('type') === 'object') return { tool, wrapped: false };
  return { tool: Payload.ofPieces(editObject(tool, { outputSchema: wrapSchema(schema) })), wrapped: true };
}

/** Whether a legacy server wants a tool to be called as a task. */
export type TaskSupport = 'required' | 'optional' | 'forbidden';

/**
 * A legacy server's tool definition as modern clients take it: without `execution`, of which `taskSupport` is handed over.
 * The same payload where nothing changes.
 */
export function fromLegacyTool(tool: Payload): { readonly tool: Payload; readonly taskSupport: TaskSupport } {
  const execution = tool.member('execution');
  if (execution === undefined) return { tool, taskSupport: 'forbidden' };
  const support = execution.text('taskSupport');
  return {
    tool: Payload.ofPieces(editObject(tool, { execution: null })),
    taskSupport: support === 'required' || support === 'optional' ? support : 'forbidden',
  };
}
