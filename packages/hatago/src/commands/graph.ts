import { findHub, type HubOptions } from '../control/require-hub.ts';
import { print, printJson } from '../output.ts';

/** Options of `hatago graph`. */
export interface GraphOptions extends HubOptions {
  /** @default 'dot' */
  readonly format?: 'dot' | 'json';
}

interface Graph {
  readonly nodes: readonly {
    readonly id: string;
    readonly state: string;
    readonly tools: number;
    readonly resources: number;
    readonly prompts: number;
  }[];
  /** `from` needs `to`, which is started first. */
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** Draws the servers, what each offers, and which needs which; of the running hub, else of the configuration. */
export async function graph(options: GraphOptions): Promise<void> {
  const hub = findHub(options);
  const drawn = hub === undefined ? await ofConfiguration(options) : await hub.get<Graph>('/graph');
  if (options.json || options.format === 'json') printJson(drawn);
  else print(toDot(drawn));
}

async function ofConfiguration(options: GraphOptions): Promise<Graph> {
  const { loadContext } = await import('../context.ts');
  const { mcpServers } = loadContext(options).config;
  return {
    nodes: Object.entries(mcpServers).map(([id, { disabled }]) => ({
      id,
      state: disabled ? 'disabled' : 'not running',
      tools: 0,
      resources: 0,
      prompts: 0,
    })),
    edges: Object.entries(mcpServers).flatMap(([from, { dependsOn }]) => dependsOn.map((to) => ({ from, to }))),
  };
}

/** @see https://graphviz.org/doc/info/lang.html */
function toDot({ nodes, edges }: Graph): string {
  const name = (text: string): string => `"${text.replace(/["\\]/g, '\\$&').replace(/\n/g, ' ')}"`;
  const lines = ['digraph hatago {', '  rankdir=LR;', '  node [shape=box];'];
  for (const { id, state, ...offers } of nodes) {
    lines.push(`  ${name(id)} [label=${name(`${id} (${state})`)}];`);
    for (const kind of ['tools', 'resources', 'prompts'] as const) {
      if (offers[kind] === 0) continue;
      const node = name(`${id}/${kind}`);
      lines.push(`  ${node} [label=${name(`${offers[kind]} ${kind}`)}, shape=ellipse];`, `  ${name(id)} -> ${node};`);
    }
  }
  for (const { from, to } of edges) lines.push(`  ${name(from)} -> ${name(to)} [style=dashed, label="needs"];`);
  return [...lines, '}'].join('\n');
}
