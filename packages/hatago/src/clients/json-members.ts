import { endOfLineTrivia, scanTrivia } from '@hatago/hub/control/json-trivia.ts';
import type { Node } from 'jsonc-parser';
import { applyCuts, type Cut, eolOf, lineStart } from './text-style.ts';

/** A value as it is written at a place of a text: over several lines, unless what is around it is all on one. */
export function writtenValue(text: string, member: Node, value: unknown): string {
  const at = ownLine(text, member.offset);
  return at === undefined ? JSON.stringify(value) : spread(text, at, value);
}

/** The text with a member added behind the others of an object, in the way these are written. */
export function insertMember(text: string, record: Node, name: string, value: unknown): string {
  const close = record.offset + record.length - 1;
  const last = record.children?.at(-1);
  if (last === undefined) return insertFirst(text, record.offset, close, name, value);
  const end = last.offset + last.length;
  const comma = commaIn(text, end, close);
  const at = ownLine(text, last.offset);
  const own =
    at === undefined
      ? `${gapOf(text, record)}${JSON.stringify(name)}:${gapOf(text, record)}${JSON.stringify(value)}`
      : `${eolOf(text)}${at}${JSON.stringify(name)}: ${spread(text, at, value)}`;
  const behind = comma === undefined ? end : comma + 1;
  // A comment at the end of a line would swallow what is written on it.
  const from = at === undefined ? behind : endOfLineTrivia(text, behind, close);
  if (comma !== undefined) return applyCuts(text, [{ from, to: from, text: `${own},` }]);
  if (from === end) return applyCuts(text, [{ from, to: from, text: `,${own}` }]);
  return applyCuts(text, [
    { from: end, to: end, text: ',' },
    { from, to: from, text: own },
  ]);
}

/** Into an object without members, which may hold comments. */
function insertFirst(text: string, open: number, close: number, name: string, value: unknown): string {
  const isOneLine = !/\n[^\n]/.test(text);
  if (isOneLine)
    return applyCuts(text, [{ from: close, to: close, text: `${JSON.stringify(name)}:${JSON.stringify(value)}` }]);
  const outer = /^[ \t]*/.exec(text.slice(lineStart(text, open)))?.[0] ?? '';
  const at = outer + stepOf(text);
  const from = open + 1 + text.slice(open + 1, close).trimEnd().length;
  const member = `${eolOf(text)}${at}${JSON.stringify(name)}: ${spread(text, at, value)}`;
  const closing = text.slice(from, close).includes('\n') ? '' : `${eolOf(text)}${outer}`;
  return applyCuts(text, [{ from, to: closing === '' ? from : close, text: `${member}${closing}` }]);
}

/** The text without a member, and without the comma and the line break that came with it. */
export function removeMember(text: string, record: Node, member: Node): string {
  const members = record.children ?? [];
  const index = members.indexOf(member);
  const [previous, next] = [members[index - 1], members[index + 1]];
  const close = record.offset + record.length - 1;
  const comma = commaIn(text, member.offset + member.length, next?.offset ?? close);
  const end = comma === undefined ? member.offset + member.length : comma + 1;
  const cuts: Cut[] = [];
  if (next === undefined && comma === undefined && previous !== undefined) {
    const at = commaIn(text, previous.offset + previous.length, member.offset) as number;
    cuts.push({ from: at, to: at + 1, text: '' });
  }
  const start = member.offset - (/(?:\r?\n)?[ \t]*$/.exec(text.slice(0, member.offset))?.[0].length ?? 0);
  const rest = /^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0;
  const startsLine = text.slice(start, member.offset).includes('\n');
  const endsLine = /^\r?\n/.test(text.slice(end + rest));
  const behindComment =
    previous !== undefined &&
    scanTrivia(text, previous.offset + previous.length, member.offset).some(({ kind }) => kind === 'line');
  if (startsLine && (endsLine || (previous !== undefined && !behindComment))) {
    cuts.push({ from: start, to: endsLine ? end + rest : end, text: '' });
  } else if (startsLine || next !== undefined) cuts.push({ from: member.offset, to: end + rest, text: '' });
  else cuts.push({ from: previous === undefined ? member.offset : start, to: end, text: '' });
  return applyCuts(text, cuts);
}

/** The indentation of what begins a line; undefined where something stands before it on its line. */
function ownLine(text: string, offset: number): string | undefined {
  const before = text.slice(lineStart(text, offset), offset);
  return before.trim() === '' && lineStart(text, offset) > 0 ? before : undefined;
}

/** One step of indentation, as the text has it. */
function stepOf(text: string): string {
  const step = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
  return step.length > 8 ? '  ' : step;
}

const spread = (text: string, at: string, value: unknown): string =>
  JSON.stringify(value, null, stepOf(text)).replaceAll('\n', `${eolOf(text)}${at}`);

/** What stands behind a colon in an object that is written on one line. */
const gapOf = (text: string, record: Node): string =>
  record.children?.[0]?.colonOffset !== undefined && text[record.children[0].colonOffset + 1] === ' ' ? ' ' : '';

function commaIn(text: string, from: number, to: number): number | undefined {
  return scanTrivia(text, from, to).find(({ kind }) => kind === 'comma')?.start;
}
