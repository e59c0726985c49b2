import { clean, tell } from '../output.ts';
import type { Answer } from './request.ts';

interface Field {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly oneOf?: readonly { const: string; title?: string }[];
  readonly items?: { enum?: readonly string[]; anyOf?: readonly { const: string; title?: string }[] };
  readonly default?: unknown;
}

/** Asks the person at the terminal what a server wants to know; declines where nobody sits at one. */
export const answerInTerminal: Answer = async ({ method, params }) => {
  if (method === 'roots/list') return { roots: [] };
  if (method !== 'elicitation/create') throw new Error(`${method} cannot be answered here`);
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    tell(`the server asks: ${clean(String(params['message'] ?? ''))}\n(declined: there is no terminal to answer at)`);
    return { action: 'decline' };
  }
  return params['mode'] === 'url' ? consent(params) : form(params);
};

async function consent(params: Record<string, unknown>): Promise<unknown> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const url = clean(String(params['url'] ?? ''));
  const agreed = await confirm({
    message: `${clean(String(params['message'] ?? ''))}\nOpen this page yourself: ${url}\nDone?`,
  });
  return { action: isCancel(agreed) ? 'cancel' : agreed ? 'accept' : 'decline' };
}

async function form(params: Record<string, unknown>): Promise<unknown> {
  const { isCancel, log } = await import('@clack/prompts');
  log.message(clean(String(params['message'] ?? 'The server asks:')), { output: process.stderr });
  const schema = (params['requestedSchema'] ?? {}) as { properties?: Record<string, Field>; required?: string[] };
  const content: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const required = schema.required?.includes(name) ?? false;
    const value = await askField(name, field, required);
    if (isCancel(value)) return { action: 'cancel' };
    if (value !== undefined && value !== '') content[name] = value;
  }
  return { action: 'accept', content };
}

async function askField(name: string, field: Field, required: boolean): Promise<unknown> {
  const { confirm, multiselect, select, text } = await import('@clack/prompts');
  const output = process.stderr;
  const message = clean(`${field.title ?? name}${field.description === undefined ? '' : ` (${field.description})`}`);
  const many = choices(field.items?.anyOf, field.items?.enum);
  if (many !== undefined) {
    const initialValues = Array.isArray(field.default) ? (field.default as string[]) : [];
    return multiselect({ message, options: many, required, initialValues, output });
  }
  const one = choices(field.oneOf, field.enum);
  if (one !== undefined)
    return select({ message, options: one, initialValue: String(field.default ?? one[0]?.value), output });
  if (field.type === 'boolean') return confirm({ message, initialValue: field.default === true, output });
  const isNumber = field.type === 'number' || field.type === 'integer';
  const initialValue = field.default === undefined ? '' : String(field.default);
  const validate = (value: string | undefined): string | undefined => {
    if (required && !value) return 'needs an answer';
    return isNumber && value && Number.isNaN(Number(value)) ? 'must be a number' : undefined;
  };
  const answer = await text({ message, initialValue, validate, output });
  return isNumber && typeof answer === 'string' && answer !== '' ? Number(answer) : answer;
}

function choices(
  titled: readonly { const: string; title?: string }[] | undefined,
  plain: readonly string[] | undefined,
): { value: string; label: string }[] | undefined {
  const list = titled?.map((t) => ({ value: t.const, label: clean(t.title ?? t.const) }));
  return list ?? plain?.map((value) => ({ value, label: clean(value) }));
}
