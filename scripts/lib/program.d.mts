/** Puts what was built in a folder (`bin/bin.cjs` and `parts/*.cjs`) into one program file, which is replaced at once. */
export function packProgram(folder: string, file: string): void;
