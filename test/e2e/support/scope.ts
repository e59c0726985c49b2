import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a test file starts, closed in reverse order at its end. */
export interface Scope {
  /** Remembers what has to be ended. */
  defer(close: () => void | Promise<void>): void;
  /** A new empty directory. */
  dir(): string;
  /** A new file with this text; returns its path. */
  file(name: string, text: string): string;
  close(): Promise<void>;
}

/** Makes an empty scope. */
export function createScope(): Scope {
  const closers: (() => void | Promise<void>)[] = [];
  const scope: Scope = {
    defer: (close) => void closers.push(close),
    dir() {
      const path = mkdtempSync(join(tmpdir(), 'hatago-e2e-'));
      closers.push(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 }));
      return path;
    },
    file(name, text) {
      const path = join(scope.dir(), name);
      writeFileSync(path, text);
      return path;
    },
    async close() {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };
  return scope;
}
