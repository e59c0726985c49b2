import * as z from 'zod/mini';

/** What a key of the configuration means; the JSON Schema and the documentation are written from it. */
export interface KeyNote {
  readonly description: string;
}

/** The notes of all keys, kept apart so that checking a configuration costs nothing for them. */
export const notes: z.core.$ZodRegistry<KeyNote> = z.registry<KeyNote>();

/** A key with what it means. */
export function key<T extends z.ZodMiniType>(schema: T, description: string): T {
  (notes as z.core.$ZodRegistry<KeyNote, z.ZodMiniType>).add(schema, { description });
  return schema;
}

/** A key that is an object of keys, each with its own default. */
export function section<T extends z.core.$ZodShape>(
  shape: T,
  description: string,
): z.ZodMiniPrefault<z.ZodMiniObject<T, z.core.$strict>> {
  // Every member has a default, so the empty object is an input whatever the shape.
  return key(z.prefault(z.strictObject(shape), {} as z.input<z.ZodMiniObject<T, z.core.$strict>>), description);
}

/** A whole number within bounds. */
export const whole = (fallback: number, min: number, max: number): z.ZodMiniDefault<z.ZodMiniNumber> =>
  z._default(z.int().check(z.gte(min), z.lte(max)), fallback);

/** A list of texts, empty unless given. */
export const texts = (): z.ZodMiniDefault<z.ZodMiniArray<z.ZodMiniString>> => z._default(z.array(z.string()), []);

/** Milliseconds of a day, the cap of most durations. */
export const DAY_MS = 86_400_000;
