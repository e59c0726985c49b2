import { isRecord } from '@hatago/protocol';
import * as z from 'zod/mini';
import { documentSchema } from './schema-document.ts';
import { notes } from './schema-keys.ts';

/** The JSON Schema of what a configuration means: every key with its default and its description. */
export function configKeys(): Record<string, unknown> {
  return z.toJSONSchema(documentSchema(), { io: 'input', metadata: notes }) as Record<string, unknown>;
}

/** The same without the descriptions: what documents are checked by. */
export function configShape(): Record<string, unknown> {
  return z.toJSONSchema(documentSchema(), { io: 'input' }) as Record<string, unknown>;
}

/** The JSON Schema of a configuration file, for completion and checks in editors; every key may be deleted by `null`. */
export function configJsonSchema(): Record<string, unknown> {
  return { ...deletable(configKeys()), title: 'Hatago configuration', allowTrailingCommas: true };
}

function deletable(schema: Record<string, unknown>): Record<string, unknown> {
  const { properties, additionalProperties, anyOf } = schema;
  const members = isRecord(properties)
    ? {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, member]) => [name, isRecord(member) ? orNull(member) : member]),
        ),
      }
    : {};
  const further = isRecord(additionalProperties) ? { additionalProperties: orNull(additionalProperties) } : {};
  const either = Array.isArray(anyOf) ? { anyOf: anyOf.map((one) => (isRecord(one) ? deletable(one) : one)) } : {};
  return { ...schema, ...members, ...further, ...either };
}

function orNull(schema: Record<string, unknown>): Record<string, unknown> {
  const inner = deletable(schema);
  const { type, anyOf, enum: values } = inner;
  if (Array.isArray(anyOf)) return { ...inner, anyOf: [...anyOf, { type: 'null' }] };
  if (typeof type !== 'string' || 'const' in inner) return inner;
  return { ...inner, type: [type, 'null'], ...(Array.isArray(values) ? { enum: [...values, null] } : {}) };
}
