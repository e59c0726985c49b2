import type { Format } from './formats.ts';
import type { Issue } from './issue.ts';

/** A document in our own shape, with what was left out of it. */
export interface Adapted {
  readonly value: unknown;
  /** What a person should know, one sentence each. */
  readonly warnings: readonly string[];
  readonly format: Format;
  /** The place in the document as it is written of something in our shape. */
  toSource(path: Issue['path']): Issue['path'];
}

/** Gathers what is to be told while a document is brought into our shape. */
export interface AdaptState {
  warn(message: string): void;
  /** A server stands somewhere else in the document as it is written. */
  cameFrom(id: string, path: Issue['path']): void;
  done(value: unknown): Adapted;
}

/** Begins to adapt a document of a format. */
export function createAdapt(format: Format): AdaptState {
  const warnings: string[] = [];
  const places = new Map<string, Issue['path']>();
  return {
    warn: (message) => void warnings.push(message),
    cameFrom: (id, path) => void places.set(id, path),
    done: (value) => ({
      value,
      warnings,
      format,
      toSource(path) {
        const [top, id, ...rest] = path;
        const place = top === 'mcpServers' && id !== undefined ? places.get(String(id)) : undefined;
        return place === undefined ? path : [...place, ...rest];
      },
    }),
  };
}
