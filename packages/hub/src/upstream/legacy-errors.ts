import { Payload, toModernError, urlElicitationsOf } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Outcome } from '../core/exchange.ts';
import { missingCapabilities } from '../core/missing-capabilities.ts';
import type { UpstreamCall } from '../core/upstream.ts';

/**
 * What an error of an older revision is in the modern shape, whoever sent it: a resource that is not there has its modern
 * code and its URI; URLs to be visited first are asks, with nothing parked, for the client sends the request anew
 * afterwards.
 * @see MCP 2025-11-25 elicitation, URL elicitation required error
 */
export function fromLegacyError(error: Payload, call: UpstreamCall, server: string): Outcome {
  const uri = call.method === 'resources/read' ? (call.target ?? call.params.text('uri')) : undefined;
  // An attached edge hands the error to a client that knows it.
  const attached = call.envelope.asks === 'attached';
  const elicitations = attached ? undefined : urlElicitationsOf(error);
  if (elicitations === undefined) {
    const known = attached && (uri === undefined || codeOf(error) !== NOT_FOUND);
    return { kind: 'error', error: known ? error : toModernError(error, uri) };
  }
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
const NOT_FOUND = -32002;

function codeOf(error: Payload): unknown {
  return (error.value() as { code: unknown }).code;
}
