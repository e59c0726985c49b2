import { setTimeout } from 'node:timers/promises';
import type { Hub } from '@hatago/hub/hub.ts';
import { coloursFor } from '../colours.ts';
import type { Context } from '../context.ts';
import { print } from '../output.ts';
import { httpSnippets } from '../snippets.ts';
import { VERSION } from '../version.ts';

const pc = coloursFor(process.stdout);

/** Clients that have waited for the servers get their answers before a person does. */
const CLIENTS_FIRST_MS = 50;

/** Tells a person where the hub is, how its servers are once they have settled, and how clients are connected to it. */
export async function greet(hub: Hub, context: Pick<Context, 'file' | 'demo'>, url: string): Promise<void> {
  print(`${pc.bold('Hatago')} ${VERSION} is up at ${pc.cyan(url)}`);
  if (context.file !== undefined) print(pc.dim(`  configuration  ${context.file}`));
  else if (context.demo)
    print(pc.dim('  no configuration found, so this is a demo; `hatago init` writes one of your own'));
  else print('  no configuration found: `hatago init` writes one, `hatago serve --demo` shows three servers to try');
  await hub.settled;
  await setTimeout(CLIENTS_FIRST_MS);
  const rows = hub.servers();
  const width = Math.max(0, ...rows.map((row) => row.id.length));
  for (const row of rows) {
    const line = row.error === null ? pc.dim(offered(row)) : pc.red(row.error);
    print(`  ${row.status === 'ready' ? pc.green('●') : pc.red('●')} ${row.id.padEnd(width)}  ${line}`);
  }
  print('\nConnect a client:');
  for (const { client, text } of httpSnippets(url)) print(`  ${client.padEnd(11)}  ${text}`);
  print(pc.dim(`\nTry it:  npx hatago list --tools     Stop: Ctrl-C`));
}

const offered = ({ tools, resources, prompts }: { tools: number; resources: number; prompts: number }): string =>
  `${tools} tools, ${resources} resources, ${prompts} prompts`;
