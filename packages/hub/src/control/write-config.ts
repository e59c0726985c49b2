import { readFileSync, realpathSync } from 'node:fs';
import { err, type HubCode, ok, type Result } from '@hatago/protocol';
import { writeAtomically } from '../storage/atomic-write.ts';
import { withFileLockSync } from '../storage/file-lock.ts';
import { configLock } from './config-lock.ts';
import { parseDocument } from './document.ts';
import { type DocumentEdit, editDocument } from './edit-document.ts';
import { formatFault } from './source-document.ts';
import { syntaxOf } from './syntax.ts';

/** The text of a file before and after it was written. */
export interface Written {
  readonly before: string;
  readonly after: string;
}

/** Why a file was not written. */
export interface WriteFault {
  /** Row of the error table. */
  readonly code: HubCode;
  /** What is the matter, with the file; where there are several faults, a line for each. */
  readonly message: string;
}

/** How {@link writeConfig} writes. */
export interface WriteOptions {
  /** Finds what is wrong with the new text; then nothing is written. @default nothing is checked but that it parses */
  check?(text: string): readonly string[];
}

/**
 * Makes edits of a configuration file and keeps its comments. The file is replaced in one step or not at all, its
 * permissions and a link to it are kept, and two writers at a time come one after the other.
 */
export function writeConfig(
  file: string,
  edits: readonly DocumentEdit[],
  { check = () => [] }: WriteOptions = {},
): Result<Written, WriteFault> {
  try {
    // A link is followed: what it points to is the file to replace.
    const path = realpathSync(file);
    return withFileLockSync(configLock(path), () => replaceWithin(path, edits, check));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return fault('HATAGO_CONFIG_NOT_FOUND', `${file}: there is no such file`);
    // Somebody else has the lock.
    if (code === undefined) return fault('HATAGO_CONFIG_CHANGED', `${file}: ${message}`);
    return fault('HATAGO_STATE_UNWRITABLE', `${file}: cannot be written (${code})`);
  }
}

const fault = (code: HubCode, message: string): Result<never, WriteFault> => err({ code, message });

const MAX_ATTEMPTS = 5;

function replaceWithin(
  path: string,
  edits: readonly DocumentEdit[],
  check: (text: string) => readonly string[],
): Result<Written, WriteFault> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const before = readFileSync(path, 'utf8');
    const edited = editDocument(before, edits, syntaxOf(path));
    if (!edited.ok) return whyNotEdited(path, before, edited.error);
    const after = edited.value;
    if (after === before) return ok({ before, after });
    const faults = check(after);
    if (faults.length > 0) return fault('HATAGO_CONFIG_INVALID', faults.join('\n'));
    // An editor knows nothing of the lock: what it saved meanwhile must not be lost.
    if (readFileSync(path, 'utf8') !== before) continue;
    writeAtomically(path, after, { keepMode: true });
    return ok({ before, after });
  }
  return fault('HATAGO_CONFIG_CHANGED', `${path}: is being changed by another program; try again`);
}

/** A file that is broken already says where. */
function whyNotEdited(path: string, text: string, reason: string): Result<never, WriteFault> {
  const parsed = parseDocument(text, path);
  if (parsed.ok) return fault('HATAGO_CONFIG_INVALID', `${path}: ${reason}`);
  return fault('HATAGO_CONFIG_SYNTAX', parsed.error.map(formatFault).join('\n'));
}
