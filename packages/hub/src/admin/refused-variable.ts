import { isRecord } from '@hatago/protocol';
import { DECISIVE } from '../control/trust/launch.ts';

/**
 * The first variable of a definition by which its program would load or run something else, and which is therefore taken
 * from nowhere but the user's own file; undefined when there is none.
 */
export function refusedVariable(env: unknown): string | undefined {
  return isRecord(env) ? Object.keys(env).find((name) => DECISIVE.test(name) && env[name] !== null) : undefined;
}
