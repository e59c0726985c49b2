/** The versions of Node, besides the one at hand, that the product is run on. */
export const NODES: { readonly 22: string; readonly 24: string; readonly 26: string };
/** The executable of a version of Node, fetched as a package from npm's registry at its first use. */
export function nodeBinary(version: string): string;
