import type { ServerView } from '@hatago/hub/control/control-plane.ts';
import { request } from '../client/request.ts';
import { openHub } from '../client/target.ts';
import type { Listing, ListOptions, ToolRow } from './list.ts';

/** What a hub would show that is started for this alone. */
export async function listOffline(options: ListOptions): Promise<Listing> {
  const target = await openHub(options);
  try {
    const { contents } = (await request(target.upstream, 'resources/read', { uri: 'hatago://servers' })) as {
      contents: { text: string }[];
    };
    const { servers } = JSON.parse(contents[0]?.text ?? '{}') as { servers: ServerView[] };
    const tools = options.tools ? await allTools(target.upstream) : undefined;
    return { running: target.running, servers, ...(tools === undefined ? {} : { tools }) };
  } finally {
    await target.close();
  }
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
