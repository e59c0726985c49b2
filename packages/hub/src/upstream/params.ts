import {
  type Edits,
  editObject,
  type Members,
  methodInfo,
  type Payload,
  type Piece,
  RESERVED_META,
} from '@hatago/protocol';
import type { UpstreamCall } from '../core/upstream.ts';
import { quote } from './wire.ts';

/** Edits under construction. */
export type MutableEdits = { -readonly [name in keyof Edits]: Edits[name] };

/** Key of `_meta` under which the caller's own `clientInfo` travels; the hub's stands in its place. */
export const CLIENT_INFO_KEY = 'dev.hatago/clientInfo';

/** Puts the upstream's own name, URI or task id where the caller's params hold the public one. */
export function editTarget(edits: MutableEdits, call: UpstreamCall): void {
  if (call.target === undefined) return;
  const target = methodInfo(call.method)?.target;
  if (target === undefined) return;
  if (target !== 'ref') {
    edits[target] = quote(call.target);
    return;
  }
  const ref = call.params.member('ref');
  const names = ref?.members()?.names;
  if (ref === undefined || names === undefined) return;
  edits.ref = editObject(ref, { [names.includes('name') ? 'name' : 'uri']: quote(call.target) });
}

/**
 * The params of a request to a legacy server: no envelope, our id as progress token, no members of the modern era, and
 * always `arguments` for a tool, without which older servers refuse the call.
 */
export function legacyParams(call: UpstreamCall, id: number, extra?: Edits): readonly Piece[] {
  const { params, method } = call;
  const members = params.members() as Members;
  const edits: MutableEdits = { ...extra };
  editTarget(edits, call);
  const token = call.envelope.progressToken === undefined ? undefined : String(id);
  if (members.names.includes('_meta')) {
    const meta = legacyMeta(params.member('_meta') as Payload, token);
    if (meta !== undefined) edits._meta = meta;
  } else if (token !== undefined) edits._meta = `{"progressToken":${token}}`;
  if (members.names.includes('requestState')) edits.requestState = null;
  if (members.names.includes('inputResponses')) edits.inputResponses = null;
  if (method === 'tools/call' && !members.names.includes('arguments')) edits.arguments = '{}';
  for (const _ in edits) return editObject(params, edits);
  return params.pieces();
}

/** The caller's `_meta` for a legacy server: undefined = as it is, null = nothing is left of it. */
function legacyMeta(meta: Payload, token: string | undefined): readonly Piece[] | null | undefined {
  const names = meta.members()?.names ?? [];
  const edits: MutableEdits = {};
  let kept = token === undefined ? 0 : 1;
  for (const name of names) {
    if (RESERVED_META.has(name) || name === 'progressToken') edits[name] = null;
    else kept++;
  }
  if (kept === 0) return null;
  if (token !== undefined) edits.progressToken = token;
  for (const _ in edits) return editObject(meta, edits);
  return undefined;
}

/**
 * The `_meta` of a request to a modern server: `head` is the hub's part of the envelope, open at the end, with the
 * capabilities in it; then what the caller sent besides the reserved keys.
 */
export function modernMeta(call: UpstreamCall, id: number, head: readonly Piece[]): Piece[] {
  const { envelope, params } = call;
  const out: Piece[] = [...head];
  let tail = '';
  if (envelope.logLevel !== undefined) tail += `,"io.modelcontextprotocol/logLevel":"${envelope.logLevel}"`;
  if (envelope.progressToken !== undefined) tail += `,"progressToken":${id}`;
  if (envelope.clientInfo !== undefined) {
    out.push(`${tail},"${CLIENT_INFO_KEY}":`, ...envelope.clientInfo.pieces());
    tail = '';
  }
  const meta = params.member('_meta');
  const members = meta?.members();
  if (meta === undefined || members === undefined) {
    out.push(`${tail}}`);
    return out;
  }
  const source = meta.source();
  for (let i = 0; i < members.names.length; i++) {
    const name = members.names[i] as string;
    if (name === 'progressToken' || name === CLIENT_INFO_KEY || RESERVED_META.has(name)) continue;
    out.push(`${tail},`, source.subarray(members.at[i * 3], members.at[i * 3 + 2]));
    tail = '';
  }
  out.push(`${tail}}`);
  return out;
}

/** The params of a request to a modern server, around its `_meta`. */
export function modernParams(call: UpstreamCall, meta: readonly Piece[]): readonly Piece[] {
  const edits: MutableEdits = { _meta: meta };
  editTarget(edits, call);
  if (call.resume !== undefined) {
    const names = (call.params.members() as Members).names;
    if (call.resume.state !== null) edits.requestState = JSON.stringify(call.resume.state);
    else if (names.includes('requestState')) edits.requestState = null;
  }
  return editObject(call.params, edits);
}
