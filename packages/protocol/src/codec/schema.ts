import { isRecord } from '../jsonrpc.ts';
import type { Payload } from '../payload.ts';
import type { Piece } from '../pieces.ts';

/** Where the wrapped schema lies inside its wrapper. */
const INSIDE = '#/properties/result';
/** Keywords whose value is data and not a schema. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);
/** Keywords whose value maps names, which may read like keywords, to schemas. */
const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies']);

/**
 * An output schema as the property `result` of an object schema, the way the official SDK shows it to legacy clients.
 * Pointers into the schema itself are moved along; without any, it stays the bytes it was.
 */
export function wrapSchema(schema: Payload): Piece[] {
  const dialect = schema.text('$schema');
  return [
    dialect === undefined ? '{' : `{"$schema":${JSON.stringify(dialect)},`,
    '"type":"object","properties":{"result":',
    ...moved(schema, dialect),
    '},"required":["result"]}',
  ];
}

function moved(schema: Payload, dialect: string | undefined): readonly Piece[] {
  const value = schema.value();
  if (!isRecord(value) || hasOwnBase(value)) return schema.pieces();
  // A recursion that stops at this very root is a plain reference to it.
  const recursive = dialect?.includes('2019-09') === true && value.$recursiveAnchor !== true;
  const rewritten = movePointers(value, false, recursive);
  return rewritten === value ? schema.pieces() : [JSON.stringify(rewritten)];
}

/** An `$id` that is no mere anchor begins a document of its own, to which the pointers inside belong. */
function hasOwnBase(schema: Record<string, unknown>): boolean {
  return schema.$id !== undefined && !(typeof schema.$id === 'string' && schema.$id.startsWith('#'));
}

/** The same value when it holds no pointer to move. */
function movePointers(value: unknown, names: boolean, recursive: boolean): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => movePointers(item, false, recursive));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isRecord(value) || (!names && hasOwnBase(value))) return value;
  let changed = false;
  const entries: [string, unknown][] = [];
  let recursion = false;
  for (const [key, below] of Object.entries(value)) {
    if (!names && key === '$recursiveRef' && below === '#' && recursive) {
      recursion = true;
      continue;
    }
    const next = names ? movePointers(below, false, recursive) : moveKeyword(key, below, recursive);
    if (next !== below) changed = true;
    entries.push([key, next]);
  }
  if (recursion) addReference(entries);
  // A property may be called `__proto__`, which only fromEntries takes for a name.
  return changed || recursion ? Object.fromEntries(entries) : value;
}

function moveKeyword(key: string, below: unknown, recursive: boolean): unknown {
  if (DATA.has(key)) return below;
  if ((key === '$ref' || key === '$dynamicRef') && typeof below === 'string') {
    if (below === '#') return INSIDE;
    return below.startsWith('#/') ? `${INSIDE}${below.slice(1)}` : below;
  }
  return movePointers(below, MAPS.has(key), recursive);
}

function addReference(entries: [string, unknown][]): void {
  const reference = { $ref: INSIDE };
  if (!entries.some(([key]) => key === '$ref')) {
    entries.push(['$ref', INSIDE]);
    return;
  }
  const all = entries.find(([key]) => key === 'allOf');
  if (all === undefined) entries.push(['allOf', [reference]]);
  else all[1] = [...(Array.isArray(all[1]) ? all[1] : []), reference];
}
