import type { HubCode, ScanError } from '@hatago/protocol';

/** The row of the table for a text the scanner refused. */
export function scanErrorCode(error: ScanError): HubCode {
  return error.reason === 'duplicate' ? 'HATAGO_INVALID_REQUEST' : 'HATAGO_PARSE';
}
