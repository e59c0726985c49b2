import { isRecord } from '../jsonrpc.ts';
import { Payload } from '../payload.ts';

const INVALID_PARAMS = -32602;
const LEGACY_NOT_FOUND = -32002;
const LEGACY_ELICITATION = -32042;

/** An error as legacy clients know it: a resource that was not found has a code of its own there. */
export function toLegacyError(error: Payload): Payload {
  const value = error.value();
  if (!isRecord(value) || value.code !== INVALID_PARAMS) return error;
  if (!isRecord(value.data) || typeof value.data.uri !== 'string') return error;
  return Payload.ofValue({ ...value, code: LEGACY_NOT_FOUND });
}

/**
 * An error of a legacy server as modern clients know it: a resource that was not found is a wrong parameter, with its
 * `uri`, and a call for elicitation that was not turned into an ask is an internal error.
 */
export function toModernError(error: Payload, uri?: string): Payload {
  const value = error.value();
  if (!isRecord(value)) return error;
  if (value.code === LEGACY_NOT_FOUND) {
    const data = isRecord(value.data) ? value.data : {};
    const named = typeof data.uri === 'string' || uri === undefined ? undefined : { data: { ...data, uri } };
    return Payload.ofValue({ ...value, code: INVALID_PARAMS, ...named });
  }
  return value.code === LEGACY_ELICITATION ? Payload.ofValue({ ...value, code: -32603 }) : error;
}

/** One elicitation a legacy server calls for before it does what was asked. */
export interface UrlElicitation {
  readonly elicitationId: string;
  readonly url: string;
  readonly message: string;
}

/** The elicitations a legacy server's error calls for; undefined when it is another error or names none. */
export function urlElicitationsOf(error: Payload): UrlElicitation[] | undefined {
  const value = error.value();
  if (!isRecord(value) || value.code !== LEGACY_ELICITATION || !isRecord(value.data)) return undefined;
  const { elicitations } = value.data;
  if (!Array.isArray(elicitations)) return undefined;
  const found: UrlElicitation[] = [];
  elicitations.forEach((entry: unknown, index) => {
    if (!isRecord(entry) || typeof entry.url !== 'string') return;
    const { elicitationId, message, url } = entry;
    found.push({
      elicitationId: typeof elicitationId === 'string' ? elicitationId : `url-${index + 1}`,
      url,
      message: typeof message === 'string' ? message : '',
    });
  });
  return found.length === 0 ? undefined : found;
}

/** The error by which a legacy client learns of elicitations it has to go through first. @see MCP 2025-11-25 elicitation */
export function buildUrlElicitationError(elicitations: readonly UrlElicitation[], message: string): Payload {
  return Payload.ofValue({
    code: LEGACY_ELICITATION,
    message,
    data: {
      elicitations: elicitations.map(({ elicitationId, url, message: text }) => ({
        mode: 'url',
        elicitationId,
        url,
        message: text,
      })),
    },
  });
}
