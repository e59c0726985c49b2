import { readFileSync } from 'node:fs';
import type { Upstream } from '@hatago/hub/core/upstream.ts';
import { isRecord } from '@hatago/protocol';
import { answerInTerminal } from '../client/ask.ts';
import { readAll } from '../client/read-all.ts';
import { request } from '../client/request.ts';
import { DEFAULT_LIMIT_MS, openHub } from '../client/target.ts';
import type { GlobalOptions } from '../context.ts';
import { similarTo } from '../edit-distance.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, print, printJson, tell } from '../output.ts';
import { withProgress } from '../progress.ts';

/** Options of `hatago call`. */
export interface CallOptions extends GlobalOptions {
  readonly input?: string;
  readonly file?: string;
  readonly timeout?: number;
}

/** Calls one tool and prints what it answers; exit code 1 when the tool itself reports an error. */
export async function call(tool: string, input: string | undefined, options: CallOptions): Promise<void> {
  if (input !== undefined && input !== '-') {
    throw new CliError(
      `arguments are given with -i or -f, or - for standard input, not as ${JSON.stringify(input)}`,
      EXIT.usage,
    );
  }
  const args = parseArguments(input === undefined ? options : { ...options, file: options.file ?? input });
  const target = await withProgress('connecting to the hub', () => openHub(options));
  try {
    const result = await callTool(
      target.upstream,
      { name: tool, arguments: args },
      options.timeout ?? DEFAULT_LIMIT_MS,
    );
    if (options.json) printJson(result);
    else printResult(result);
    if (result['isError'] === true) process.exitCode = EXIT.failure;
  } finally {
    await target.close();
  }
}

async function callTool(
  upstream: Upstream,
  params: { readonly name: string; readonly arguments: Record<string, unknown> },
  limitMs: number,
): Promise<Record<string, unknown>> {
  try {
    return await request(upstream, 'tools/call', params, {
      onProgress: showProgress,
      onLog: ({ level, data }) => tell(`${level}: ${clean(JSON.stringify(data))}`),
      answer: answerInTerminal,
      limitMs,
    });
  } catch (error) {
    if (!(error instanceof CliError) || error.exit !== EXIT.notFound) throw error;
    const tools = await readAll<{ name: string }>(upstream, 'tools/list', 'tools');
    const similar = similarTo(
      params.name,
      tools.map(({ name }) => name),
    );
    const hint =
      similar.length === 0 ? '`hatago list --tools` shows those there are' : `did you mean ${similar.join(', ')}?`;
    throw new CliError(`${error.message}; ${hint}`, EXIT.notFound);
  }
}

function parseArguments({ input, file }: CallOptions): Record<string, unknown> {
  if (input !== undefined && file !== undefined)
    throw new CliError('--input and --file exclude each other', EXIT.usage);
  const source = file === undefined ? '--input' : file === '-' ? 'standard input' : file;
  let text: string;
  try {
    text = file === undefined ? (input ?? '{}') : readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CliError(`${source} cannot be read: ${(error as Error).message}`, EXIT.usage);
  }
  let value: unknown;
  try {
    const json = text.replace(/^\uFEFF/, '');
    value = JSON.parse(json.trim() === '' ? '{}' : json);
  } catch (error) {
    throw new CliError(`${source} is not JSON: ${(error as Error).message}`, EXIT.usage);
  }
  if (!isRecord(value)) throw new CliError(`${source} must be a JSON object with the tool's arguments`, EXIT.usage);
  return value;
}

function showProgress({ progress, total, message }: Record<string, unknown>): void {
  const part = total === undefined ? String(progress) : `${progress}/${total}`;
  tell(`… ${part}${typeof message === 'string' ? ` ${clean(message)}` : ''}`);
}

function printResult(result: Record<string, unknown>): void {
  const content = Array.isArray(result['content']) ? (result['content'] as Record<string, unknown>[]) : [];
  for (const block of content) print(toText(block));
  if (content.length === 0) printJson(result['structuredContent'] ?? result);
}

function toText(block: Record<string, unknown>): string {
  if (block['type'] === 'text') return String(block['text']).replace(/\n$/, '');
  const { data, ...rest } = block;
  return typeof data === 'string'
    ? `${JSON.stringify(rest)} (${data.length} characters of base64; --json shows them)`
    : JSON.stringify(block, null, 2);
}
