import { request } from '../client/request.ts';
import { openHub } from '../client/target.ts';
import type { GlobalOptions } from '../context.ts';
import { clean, firstLine, formatTable, print, printJson } from '../output.ts';

/** Options of `hatago list`. */
export interface ListOptions extends GlobalOptions {
  readonly tools?: boolean;
}

interface ServerRow {
  readonly id: string;
  readonly status: string;
  readonly type: string;
  readonly url: string | null;
  readonly command: string | null;
  readonly tools: number;
  readonly resources: number;
  readonly prompts: number;
  readonly error: string | null;
}

interface ToolRow {
  readonly name: string;
  readonly description?: string;
}

/** Prints the servers of the running hub, or of one started for this command. */
export async function list(options: ListOptions): Promise<void> {
  const target = await openHub(options);
  try {
    const { contents } = (await request(target.upstream, 'resources/read', { uri: 'hatago://servers' })) as {
      contents: { text: string }[];
    };
    const { servers } = JSON.parse(contents[0]?.text ?? '{}') as { servers: ServerRow[] };
    const tools = options.tools ? await allTools(target.upstream) : undefined;
    if (options.json) return printJson({ running: target.running, servers, ...(tools && { tools }) });
    if (!target.running) print('No hub is running here; this is what one would serve.\n');
    print(formatTable(['SERVER', 'STATE', 'TYPE', 'TOOLS', 'RESOURCES', 'PROMPTS', ''], servers.map(toRow)));
    if (tools)
      print(
        `\n${formatTable(
          ['TOOL', 'DESCRIPTION'],
          tools.map((t) => [t.name, firstLine(t.description ?? '', 90)]),
        )}`,
      );
  } finally {
    await target.close();
  }
}

function toRow(server: ServerRow): string[] {
  const { id, status, type, tools, resources, prompts, error, url, command } = server;
  const counts = [tools, resources, prompts].map(String);
  return [id, status, type, ...counts, clean(error ?? url ?? command ?? '')];
}

async function allTools(upstream: Parameters<typeof request>[0]): Promise<ToolRow[]> {
  const tools: ToolRow[] = [];
  let cursor: string | undefined;
  do {
    const page = (await request(upstream, 'tools/list', cursor === undefined ? {} : { cursor })) as {
      tools: ToolRow[];
      nextCursor?: string;
    };
    tools.push(...page.tools);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return tools;
}
