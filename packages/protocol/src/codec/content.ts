import { editObject } from '../edit.ts';
import { atLeast } from '../eras.ts';
import { Payload } from '../payload.ts';
import type { Piece } from '../pieces.ts';

/** A URI for content that came without one; nothing can be read from it. */
const AUDIO_URI = 'urn:dev.hatago:audio';

/**
 * The content of a tool's or prompt's result with the blocks replaced that a version does not know, and the member it
 * belongs in; undefined when all are known.
 */
export function degradeContent(
  method: string,
  result: Payload,
  version: string,
): { member: 'content' | 'messages'; pieces: Piece[] } | undefined {
  const member = method === 'prompts/get' ? 'messages' : 'content';
  const list = result.member(member);
  const elements = list?.elements();
  if (elements === undefined) return undefined;
  const replace = member === 'content' ? degradeBlock : degradeMessage;
  let changed = false;
  const pieces: Piece[] = ['['];
  elements.forEach((element, index) => {
    const replaced = replace(element, version);
    if (replaced !== element) changed = true;
    if (index > 0) pieces.push(',');
    pieces.push(...replaced.pieces());
  });
  if (!changed) return undefined;
  pieces.push(']');
  return { member, pieces };
}

function degradeMessage(message: Payload, version: string): Payload {
  const block = message.member('content');
  if (block === undefined) return message;
  const replaced = degradeBlock(block, version);
  return replaced === block ? message : Payload.ofPieces(editObject(message, { content: replaced.pieces() }));
}

/** One content block in a form the version knows: links become text, audio an embedded resource; others stay the same. */
export function degradeBlock(block: Payload, version: string): Payload {
  const type = block.text('type');
  if (type === 'resource_link' && !atLeast(version, '2025-06-18')) {
    return Payload.ofPieces(['{"type":"text","text":', JSON.stringify(linkText(block)), ...kept(block), '}']);
  }
  if (type !== 'audio' || atLeast(version, '2025-03-26')) return block;
  const mimeType = block.member('mimeType');
  return Payload.ofPieces([
    `{"type":"resource","resource":{"uri":"${AUDIO_URI}"`,
    ...(mimeType === undefined ? [] : [',"mimeType":', ...mimeType.pieces()]),
    ',"blob":',
    ...(block.member('data')?.pieces() ?? ['""']),
    '}',
    ...kept(block),
    '}',
  ]);
}

function linkText(link: Payload): string {
  const label = link.text('title') ?? link.text('name');
  const uri = link.text('uri') ?? '';
  const first = label === undefined ? uri : `${label}: ${uri}`;
  const description = link.text('description');
  return description === undefined ? first : `${first}\n${description}`;
}

/** What every kind of block may have. */
function kept(block: Payload): Piece[] {
  const pieces: Piece[] = [];
  for (const name of ['annotations', '_meta']) {
    const value = block.member(name);
    if (value !== undefined) pieces.push(`,"${name}":`, ...value.pieces());
  }
  return pieces;
}
