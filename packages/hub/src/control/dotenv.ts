import { err, ok, type Result } from '@hatago/protocol';

/** The variables of a `.env` text, and the lines that are none. */
export interface DotEnv {
  readonly variables: Readonly<Record<string, string>>;
  /** Line numbers, from 1, that could not be read. */
  readonly badLines: readonly number[];
}

/** A quoted value goes over no more lines than this. */
const MAX_LINES = 200;
const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=[ \t]*(.*)$/;

/**
 * Reads `NAME=value` lines: `export`, comments, single quotes (as they stand) and double quotes (`\n`, `\t`, `\"`,
 * `\\`; over several lines). Nothing in them is expanded.
 */
export function parseDotEnv(text: string): DotEnv {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const variables = new Map<string, string>();
  const badLines: number[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, rest] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined || rest === undefined) {
      badLines.push(i + 1);
      continue;
    }
    const value = readValue(rest, lines.slice(i + 1));
    if (!value.ok) badLines.push(i + 1);
    else {
      variables.set(name, value.value.text);
      i += value.value.further;
    }
  }
  return { variables: Object.fromEntries(variables), badLines };
}

interface Value {
  readonly text: string;
  /** Lines it went on over. */
  readonly further: number;
}

function readValue(rest: string, following: readonly string[]): Result<Value, undefined> {
  const quote = rest[0];
  if (quote !== '"' && quote !== "'") return ok({ text: rest.replace(/(^|\s)#.*$/, '').trim(), further: 0 });
  const whole = quote === '"' ? /^"((?:[^"\\]|\\[\s\S])*)"\s*(?:#.*)?$/ : /^'([^']*)'\s*(?:#.*)?$/;
  let text = rest;
  for (let further = 0; further <= Math.min(following.length, MAX_LINES); further++) {
    const inner = whole.exec(text)?.[1];
    if (inner !== undefined) return ok({ text: quote === '"' ? unescaped(inner) : inner, further });
    text += `\n${following[further] ?? ''}`;
  }
  return err(undefined);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, (_whole, char: string) => ESCAPES[char] ?? char);
}
