import { Payload, toModernError, urlElicitationsOf } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Outcome } from '../core/exchange.ts';
import type { UpstreamCall } from '../core/upstream.ts';
import { missingCapabilities } from './answers.ts';

const NOT_FOUND = -32002;

/**
 * What an error of a legacy server is in the modern shape: a resource that is not there has its modern code and its URI;
 * URLs to be visited first are asks, with nothing parked, for the client sends the request anew afterwards.
 * @see MCP 2025-11-25 elicitation, URL elicitation required error
 */
export function fromLegacyError(error: Payload, call: UpstreamCall, server: string): Outcome {
  const { code } = error.value() as { code: number };
  if (code === NOT_FOUND) {
    return { kind: 'error', error: toModernError(error, call.target ?? call.params.text('uri')) };
  }
  // An attached edge hands the error to a client that knows it.
  const elicitations = call.envelope.asks === 'attached' ? undefined : urlElicitationsOf(error);
  if (elicitations === undefined) return { kind: 'error', error };
  const missing = missingCapabilities('elicitation/create', URL_MODE, call.envelope.clientCapabilities);
  if (missing !== undefined) {
    return failure('HATAGO_CAPABILITY_REQUIRED', { server, data: { requiredCapabilities: missing } });
  }
  const inputRequests = Object.fromEntries(
    elicitations.map(({ url, message }, index) => [
      `elicitation_${index + 1}`,
      { method: 'elicitation/create', params: { mode: 'url', message, url } },
    ]),
  );
  return { kind: 'input_required', result: Payload.ofValue({ inputRequests }) };
}

const URL_MODE = Payload.ofValue({ mode: 'url' });
