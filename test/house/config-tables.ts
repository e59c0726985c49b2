/** The part of a JSON Schema that the tables are made of. */
export interface KeySchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly additionalProperties?: KeySchema | boolean;
}

/** A table of all keys below a schema, dotted where they stand inside others; those named are left to another table. */
export function keyTable(schema: KeySchema, apart: readonly string[] = []): string {
  const rows = rowsOf(schema, '', apart);
  return ['| Key | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
}

function rowsOf(schema: KeySchema, prefix: string, apart: readonly string[]): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = `${prefix}${name}`;
    if (apart.includes(path)) return [];
    return member.properties === undefined ? [rowOf(path, member)] : rowsOf(member, `${path}.`, apart);
  });
}

function rowOf(path: string, { description = '', default: fallback, enum: values }: KeySchema): string {
  const written = fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``;
  const choice = values === undefined ? '' : `${values.map((value) => `\`${String(value)}\``).join(', ')}. `;
  return `| \`${path}\` | ${written} | ${`${choice}${description}`.replaceAll('|', '\\|')} |`;
}

/** A page with the text between two markers, `<!-- name -->` and `<!-- /name -->`, replaced. */
export function fillIn(page: string, name: string, text: string): string {
  const start = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no ${start} … ${end}`);
  return `${page.slice(0, from + start.length)}\n\n${text}\n\n${page.slice(to)}`;
}
