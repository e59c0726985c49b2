import { isRecord } from '@hatago/protocol';

/** What a value may be and what stands in for it when it is left out: the part of JSON Schema our documents need. */
export interface Shape {
  readonly type?: string | readonly string[];
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | false;
}

/** Stands for a value that is not accepted. */
export const REFUSED: unique symbol = Symbol('refused');

/**
 * A value with its defaults, or {@link REFUSED} where anything is wrong with it, without saying what: that takes the schema
 * itself, which has to be made first. Names are taken in the order of the shape.
 */
export function accept(shape: Shape, value: unknown): unknown {
  if (value === undefined) return 'default' in shape ? accept(shape, shape.default) : REFUSED;
  if (shape.anyOf !== undefined) {
    for (const one of shape.anyOf) {
      const taken = accept(one, value);
      if (taken !== REFUSED) return taken;
    }
    return REFUSED;
  }
  if (!isOfType(shape, value)) return REFUSED;
  if (Array.isArray(value)) return acceptItems(shape, value);
  return isRecord(value) ? acceptMembers(shape, value) : value;
}

function acceptItems({ items = {} }: Shape, values: readonly unknown[]): unknown {
  const taken = values.map((value) => accept(items, value));
  return taken.includes(REFUSED) ? REFUSED : taken;
}

function acceptMembers(shape: Shape, value: Record<string, unknown>): unknown {
  const { properties = {}, required = [], additionalProperties: further = false } = shape;
  const taken: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(properties)) {
    const given = value[name];
    if (given === undefined && !('default' in member)) {
      if (required.includes(name)) return REFUSED;
      continue;
    }
    const accepted = accept(member, given);
    if (accepted === REFUSED) return REFUSED;
    taken[name] = accepted;
  }
  for (const [name, member] of Object.entries(value)) {
    if (Object.hasOwn(properties, name)) continue;
    const accepted = further === false || name === '__proto__' ? REFUSED : accept(further, member);
    if (accepted === REFUSED) return REFUSED;
    taken[name] = accepted;
  }
  return taken;
}

function isOfType(shape: Shape, value: unknown): boolean {
  const { type = [] } = shape;
  const types = typeof type === 'string' ? [type] : type;
  if (!types.some((name) => isType(name, value))) return false;
  if ('const' in shape && value !== shape.const) return false;
  if (shape.enum !== undefined && !shape.enum.includes(value)) return false;
  if (typeof value === 'number') return isWithin(value, shape.minimum, shape.maximum);
  if (typeof value !== 'string') return true;
  if (!isWithin(value.length, shape.minLength, shape.maxLength)) return false;
  return shape.pattern === undefined || new RegExp(shape.pattern).test(value);
}

const isWithin = (value: number, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY): boolean =>
  value >= least && value <= most;

function isType(name: string, value: unknown): boolean {
  if (name === 'integer') return Number.isSafeInteger(value);
  if (name === 'number') return Number.isFinite(value);
  if (name === 'array') return Array.isArray(value);
  if (name === 'null') return value === null;
  return name === 'object' ? isRecord(value) : typeof value === name;
}
