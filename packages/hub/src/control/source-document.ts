import type { Issue } from './issue.ts';

/** A fault with its place in a file. */
export interface Fault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

/** Makes a fault of a text from an offset in it. */
export type FaultAt = (offset: number, message: string) => Fault;

/** A text that parsed, with the means to find a place in it again. */
export interface SourceDocument {
  readonly value: unknown;
  /** The place of a value, or of the nearest one around it that is there. */
  locate(issue: Issue): Fault;
}

/** The deepest nesting of a configuration. */
export const MAX_DEPTH = 64;

/** `file:line:column: message` on one line, as editors and terminals make it clickable. */
export function formatFault(fault: Fault): string {
  return `${fault.file}:${fault.line}:${fault.column}: ${fault.message.replace(/\p{Cc}+/gu, ' ')}`;
}
