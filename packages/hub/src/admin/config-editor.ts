import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isRecord } from '@hatago/protocol';
import type { ApplyResult, Controller } from '../control/control-plane.ts';
import { parseDocument } from '../control/document.ts';
import type { DocumentEdit } from '../control/edit-document.ts';
import { formatFault } from '../control/source-document.ts';
import { type WriteFault, writeConfig } from '../control/write-config.ts';
import { HubError } from '../core/errors.ts';
import { writeAtomically } from '../storage/atomic-write.ts';

/** The configuration file as it stands. */
export interface ConfigState {
  /** Version of the file, for `If-Match`. */
  readonly etag: string;
  /** The document as it is written, references unexpanded; undefined where it cannot be read. */
  readonly document: Record<string, unknown> | undefined;
}

/** Makes changes of a document, references unexpanded. @throws HubError where there is nothing to be changed */
export type ChangePlan = (document: Readonly<Record<string, unknown>>) => readonly DocumentEdit[];

/** Changes the configuration file and applies it: both happen, or neither does. */
export interface ConfigEditor {
  /** @throws HubError `HATAGO_CONFIG_NOT_FOUND` where the hub runs without a file */
  read(): ConfigState;
  /**
   * Writes the changes that are made of the document as it stands into the file, comments kept, and applies it.
   * @throws HubError when the file changed since `ifMatch` was given, is broken, cannot be written, or
   * is refused by the hub, which then goes on as before with the file as before
   */
  commit(plan: ChangePlan, ifMatch: string | undefined): Promise<ApplyResult>;
}

/** Options of {@link createConfigEditor}. */
export interface ConfigEditorOptions {
  readonly file: string | undefined;
  readonly controller: Pick<Controller, 'reload'>;
}

/** Makes the one place where the API writes the configuration; changes asked for at the same time follow each other. */
export function createConfigEditor({ file, controller }: ConfigEditorOptions): ConfigEditor {
  let last: Promise<unknown> = Promise.resolve();

  const pathOf = (): string => {
    if (file !== undefined) return file;
    throw new HubError('HATAGO_CONFIG_NOT_FOUND', {
      message: 'This hub runs without a configuration file, so there is nothing to write changes into.',
    });
  };
  const read = (): ConfigState => {
    const text = textOf(pathOf());
    const parsed = parseDocument(text, pathOf());
    const document = parsed.ok && isRecord(parsed.value.value) ? parsed.value.value : undefined;
    return { etag: etagOf(text), document };
  };
  const commit = async (plan: ChangePlan, ifMatch: string | undefined): Promise<ApplyResult> => {
    const path = pathOf();
    const text = textOf(path);
    checkMatch(ifMatch, etagOf(text));
    const written = writeConfig(path, plan(documentIn(text, path)));
    if (!written.ok) throw notWritten(written.error);
    const result = await controller.reload({ origin: 'api' });
    if (result.outcome !== 'failed') return result;
    // Nobody else's change is undone: what was written since is the answer of somebody who saw ours.
    if (textOf(path) === written.value.after) writeAtomically(path, written.value.before, { keepMode: true });
    throw new HubError('HATAGO_CONFIG_INVALID', {
      message: 'The change makes a configuration that the hub refuses, so it was taken back.',
      data: { details: result.errors },
    });
  };
  return {
    read,
    commit(plan, ifMatch) {
      const next = last.then(() => commit(plan, ifMatch));
      last = next.catch(() => {});
      return next;
    },
  };
}

function documentIn(text: string, path: string): Readonly<Record<string, unknown>> {
  const parsed = parseDocument(text, path);
  if (!parsed.ok) throw broken(parsed.error.map(formatFault));
  return isRecord(parsed.value.value) ? parsed.value.value : {};
}

const broken = (details: readonly string[]): HubError => new HubError('HATAGO_CONFIG_SYNTAX', { data: { details } });

function notWritten({ code, message }: WriteFault): HubError {
  return code === 'HATAGO_CONFIG_SYNTAX' ? broken(message.split('\n')) : new HubError(code, { message: `${message}.` });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new HubError('HATAGO_CONFIG_NOT_FOUND', { message: `The configuration file cannot be read (${reason}).` });
  }
}

function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}

/** @see RFC 9110 section 13.1.1 */
function checkMatch(ifMatch: string | undefined, etag: string): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  if (ifMatch.split(',').some((candidate) => candidate.trim() === etag)) return;
  throw new HubError('HATAGO_CONFIG_CHANGED');
}
