/** One fault of a document: where, by member names and indexes, and what is wrong. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
