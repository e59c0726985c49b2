import { EMPTY_OBJECT, editObject, type Payload, type Piece } from '@hatago/protocol';

const RELATED = 'io.modelcontextprotocol/related-task';

/** The `_meta` of an object, with the legacy task it belongs to. */
export function related(object: Payload, taskId: string): readonly Piece[] {
  return editObject(object.member('_meta') ?? EMPTY_OBJECT, { [RELATED]: JSON.stringify({ taskId }) });
}
