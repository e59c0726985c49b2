import type { Command } from 'commander';
import { command, examples } from './command.ts';
import { addAdd, wordsOf } from './server-options.ts';

/** A family of commands for one kind of servers: other words for what `add`, `rm`, `list` and `start` do. */
interface Family {
  readonly name: 'npx' | 'remote' | 'mcp';
  readonly description: string;
  /** What its `add` takes. */
  readonly target: string;
  readonly targetHelp: string;
  readonly example: string;
}

const FAMILIES: readonly Family[] = [
  {
    name: 'npx',
    description: 'npm packages that run as servers: add, remove, list, start, stop …',
    target: '<package>',
    targetHelp: 'name of an npm package',
    example: 'hatago npx add @modelcontextprotocol/server-everything -V 2026.8.31',
  },
  {
    name: 'remote',
    description: 'remote servers: add, remove, list, start, stop …',
    target: '<url>',
    targetHelp: 'where the server is',
    example: 'hatago remote add https://mcp.deepwiki.com/mcp',
  },
];

/** The families `npx`, `remote` and `mcp`. */
export function addFamilies(program: Command): void {
  for (const family of FAMILIES) addFamily(program, family);
  addMcp(program);
}

function addFamily(program: Command, { name, description, target, targetHelp, example }: Family): void {
  const family = command(program, name, description).addHelpText('after', examples(example, `hatago ${name} list`));
  addAdd(family, 'add', `add one, as \`hatago add\` does`)
    .argument(target, targetHelp)
    .option('-i, --id <name>', 'what it is called here (default: made of its name)')
    .addHelpText('after', examples(example))
    .action(async (_target, _options, self: Command) => {
      const words = await wordsOf(self);
      (await import('../commands/family.ts')).checkKind(name, words);
      await (await import('../commands/add.ts')).add(words, self.optsWithGlobals());
    });
  addRemove(family, name);
  addList(family, name);
  for (const verb of ['start', 'stop', 'restart'] as const) {
    command(family, verb, `${verb} one, as \`hatago ${verb}\` does`)
      .argument('<id>', 'a server of the configuration')
      .addHelpText('after', examples(`hatago ${name} ${verb} everything`))
      .action(async (id: string, _options, self: Command) => {
        (await import('../commands/family.ts')).checkMember(name, id, self.optsWithGlobals());
        await (await import('../commands/server.ts')).control(verb, id, self.optsWithGlobals());
      });
  }
  command(family, 'status', 'show one, or all of them')
    .argument('[id]', 'a server of the configuration')
    .addHelpText('after', examples(`hatago ${name} status`, `hatago ${name} status everything --json`))
    .action(async (id: string | undefined, _options, self: Command) =>
      (await import('../commands/family.ts')).listFamily(name, id, self.optsWithGlobals()),
    );
}

function addMcp(program: Command): void {
  const mcp = command(program, 'mcp', 'the same words as other MCP clients have: add, remove, list, get').addHelpText(
    'after',
    examples('hatago mcp add notes -- node ./notes-server.js', 'hatago mcp get notes'),
  );
  addAdd(mcp, 'add', 'add a server, as `hatago add` does')
    .argument('<name>', 'what it is called here')
    .argument('[words...]', 'a URL, a package, or -- and a command')
    .addHelpText(
      'after',
      examples('hatago mcp add notes -- node ./notes-server.js', 'hatago mcp add wiki https://mcp.deepwiki.com/mcp'),
    )
    .action(async (_name, _words, _options, self: Command) =>
      (await import('../commands/add.ts')).add(await wordsOf(self), self.optsWithGlobals()),
    );
  addRemove(mcp, 'mcp');
  addList(mcp, 'mcp');
  command(mcp, 'get', 'show one server')
    .argument('<id>', 'a server of the configuration')
    .addHelpText('after', examples('hatago mcp get notes', 'hatago mcp get notes --json'))
    .action(async (id: string, _options, self: Command) =>
      (await import('../commands/family.ts')).listFamily('mcp', id, self.optsWithGlobals()),
    );
}

function addRemove(parent: Command, family: Family['name']): void {
  command(parent, 'remove', 'remove one, as `hatago rm` does')
    .alias('rm')
    .argument('<id>', 'a server of the configuration')
    .option('--keep-credentials', 'keep the secrets that were stored for it')
    .addHelpText('after', examples(`hatago ${family} remove everything`))
    .action(async (id: string, _options, self: Command) => {
      (await import('../commands/family.ts')).checkMember(family, id, self.optsWithGlobals());
      await (await import('../commands/rm.ts')).rm(id, self.optsWithGlobals());
    });
}

function addList(parent: Command, family: Family['name']): void {
  command(parent, 'list', 'list them with their state')
    .alias('ls')
    .addHelpText('after', examples(`hatago ${family} list`, `hatago ${family} list --json`))
    .action(async (_options, self: Command) =>
      (await import('../commands/family.ts')).listFamily(family, undefined, self.optsWithGlobals()),
    );
}
