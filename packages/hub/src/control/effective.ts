import type { ReadDocument } from './read-document.ts';
import { fillDefaults } from './schema.ts';

/**
 * A configuration as it is after all its files were laid over each other, with the defaults and with references as they
 * are written; without the defaults where a reference stands for something other than a text.
 */
export function effectiveConfig({ value }: ReadDocument): Record<string, unknown> {
  const { $schema: _schema, extends: _extends, ...rest } = value;
  const filled = fillDefaults(rest);
  return filled === undefined ? rest : { version: 2, ...filled };
}
