import { CliError, EXIT } from '../exit.ts';

/** Reads `Name: value` and `name=value`, whichever separator comes first, as headers are given on a command line. */
export function parseHeaders(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*[:=]\s*(.*)$/s.exec(text) ?? [];
      if (name === undefined || value === undefined || /[\r\n\0]/.test(value)) {
        throw new CliError(
          `--header takes "Name: value" or name=value, not ${JSON.stringify(name ?? text)}`,
          EXIT.usage,
        );
      }
      return [name, value];
    }),
  );
}

/** Reads `NAME=value` as variables are given on a command line; `NAME` alone refers to the variable of that name. */
export function parseEnv(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, , value] = /^([A-Za-z_][A-Za-z0-9_]*)(=(.*))?$/s.exec(text) ?? [];
      if (name === undefined)
        throw new CliError('--env takes NAME=value, or NAME alone for one that is set', EXIT.usage);
      return [name, value ?? `\${${name}}`];
    }),
  );
}
