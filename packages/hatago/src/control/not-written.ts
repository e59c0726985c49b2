import type { WriteFault } from '@hatago/hub/control/write-config.ts';
import { CODES } from '@hatago/protocol';
import { CliError } from '../exit.ts';

/** The failure of a command whose change of the configuration was not written. */
export const notWritten = ({ code, message }: WriteFault): CliError => new CliError(message, CODES[code].exit);
