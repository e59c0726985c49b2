import * as z from 'zod/mini';
import { documentShape } from './schema.ts';

/** The JSON Schema of the configuration, for completion and checks in editors. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(documentShape(), { io: 'input' }) as Record<string, unknown>;
}
