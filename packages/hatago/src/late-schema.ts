import type * as Schema from '@hatago/hub/control/schema-document.ts';
import { loadPart } from '#loader';

// Takes the place of `schema-document.ts` in the program, where the schema is a part of its own, for to load it takes
// longer than to read a configuration, and only one that is wrong needs it.
const schema = (): typeof Schema => loadPart('schema.cjs') as typeof Schema;

/** See `schema-document.ts`. */
export const checkDocument: typeof Schema.checkDocument = (value) => schema().checkDocument(value);

/** See `schema-document.ts`. */
export const documentSchema: typeof Schema.documentSchema = () => schema().documentSchema();
