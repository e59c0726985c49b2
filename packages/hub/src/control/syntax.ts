/** What a document is written in. */
export type DocumentSyntax = 'jsonc' | 'yaml';

/** The syntax of a file by its name. */
export function syntaxOf(file: string): DocumentSyntax {
  return /\.ya?ml$/i.test(file) ? 'yaml' : 'jsonc';
}
