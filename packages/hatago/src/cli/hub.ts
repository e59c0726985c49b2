import { type Command, InvalidArgumentError, Option } from 'commander';
import { command, examples, wholeNumber } from './command.ts';
import { addPolicy } from './policy.ts';

/** Looking at and steering the hub that runs. */
export function addHubCommands(program: Command): void {
  addList(program);
  addStatus(program);
  addReload(program);
  addGenerations(program);
  addSession(program);
  addPolicy(program);
  addServer(program);
  addLogs(program);
  addGraph(program);
}

function addList(program: Command): void {
  command(program, 'list', 'list the servers and their state')
    .alias('ls')
    .option('--tools', 'list the tools of every server')
    .addHelpText('after', examples('hatago list', 'hatago list --tools --json'))
    .action(async (_options, self: Command) => (await import('../commands/list.ts')).list(self.optsWithGlobals()));
}

function addStatus(program: Command): void {
  command(program, 'status', 'show the running hub: generations, sessions, servers')
    .option('-w, --watch', 'go on, and show every change')
    .addHelpText('after', examples('hatago status', 'hatago status --watch', 'hatago status --json'))
    .action(async (_options, self: Command) => (await import('../commands/status.ts')).status(self.optsWithGlobals()));
}

function addReload(program: Command): void {
  command(program, 'reload', 'have the running hub read its configuration again')
    .alias('apply')
    .option('-n, --dry-run', 'only print what would change: + new, − gone, ~ changed')
    .addHelpText('after', examples('hatago reload', 'hatago reload --dry-run'))
    .action(async (_options, self: Command) => (await import('../commands/reload.ts')).reload(self.optsWithGlobals()));
}

function addGenerations(program: Command): void {
  command(program, 'drain', 'end a generation that is no longer active, once nothing is left on it')
    .argument('<generation>', 'its number, as `hatago generations` shows it')
    .option('--timeout <seconds>', 'end it after so many seconds at the latest', wholeNumber)
    .option('-f, --force', 'end it at once, with what is under way on it')
    .addHelpText('after', examples('hatago drain 3', 'hatago drain 3 --timeout 30', 'hatago drain 3 --force'))
    .action(async (generation: string, _options, self: Command) =>
      (await import('../commands/drain.ts')).drain(generation, self.optsWithGlobals()),
    );
  const generations = command(program, 'generations', 'the configurations that run, and those that ran')
    .addHelpText('after', examples('hatago generations', 'hatago generations diff 2 5', 'hatago generations rollback'))
    .action(listGenerations);
  command(generations, 'list', 'list them, newest first')
    .alias('ls')
    .addHelpText('after', examples('hatago generations list --json'))
    .action(listGenerations);
  command(generations, 'diff', 'show how two of them differ')
    .argument('<from>', 'number of a generation')
    .argument('[to]', 'number of another (default: the one before it)')
    .addHelpText('after', examples('hatago generations diff 2 5'))
    .action(async (from: string, to: string | undefined, _options, self: Command) =>
      (await import('../commands/generations.ts')).diffGenerations(from, to, self.optsWithGlobals()),
    );
  command(generations, 'rollback', 'apply the configuration of an earlier one')
    .argument('[generation]', 'its number (default: the last good one)')
    .addHelpText('after', examples('hatago generations rollback', 'hatago generations rollback 2'))
    .action(async (id: string | undefined, _options, self: Command) =>
      (await import('../commands/generations.ts')).rollbackGeneration(id, self.optsWithGlobals()),
    );
}

async function listGenerations(_options: unknown, self: Command): Promise<void> {
  await (await import('../commands/generations.ts')).listGenerations(self.optsWithGlobals());
}

function addSession(program: Command): void {
  const session = command(program, 'session', 'the sessions of clients that have one')
    .addOption(new Option('--list').hideHelp())
    .addOption(new Option('--show <id>').hideHelp())
    .addOption(new Option('--close <id>').hideHelp())
    .addHelpText(
      'after',
      examples('hatago session', 'hatago session show 4f1c22ab90de', 'hatago session close 4f1c22ab90de'),
    )
    .action(async (_options, self: Command) => {
      const {
        list: _,
        show,
        close,
        ...options
      } = self.optsWithGlobals<{ list?: true; show?: string; close?: string }>();
      const { closeSession, listSessions, showSession } = await import('../commands/session.ts');
      if (show !== undefined) await showSession(show, options);
      else if (close !== undefined) await closeSession(close, options);
      else await listSessions(options);
    });
  command(session, 'list', 'list them')
    .alias('ls')
    .addHelpText('after', examples('hatago session list --json'))
    .action(async (_options, self: Command) =>
      (await import('../commands/session.ts')).listSessions(self.optsWithGlobals()),
    );
  for (const [verb, description] of [
    ['show', 'show one'],
    ['close', 'end one, with what is under way in it'],
  ] as const) {
    command(session, verb, description)
      .argument('<id>', 'as `hatago session list` shows it')
      .addHelpText('after', examples(`hatago session ${verb} 4f1c22ab90de`))
      .action(async (id: string, _options, self: Command) => {
        const { closeSession, showSession } = await import('../commands/session.ts');
        await (verb === 'show' ? showSession : closeSession)(id, self.optsWithGlobals());
      });
  }
}

function addServer(program: Command): void {
  const servers = 'a server of the running hub';
  for (const verb of ['start', 'restart'] as const) {
    command(program, verb, `${verb} a server of the running hub`)
      .argument('<id>', servers)
      .addHelpText('after', examples(`hatago ${verb} everything`))
      .action(async (id: string, _options, self: Command) =>
        (await import('../commands/server.ts')).control(verb, id, self.optsWithGlobals()),
      );
  }
  command(program, 'stop', 'stop a server of the running hub, or without one the hub itself')
    .argument('[id]', servers)
    .option('--timeout <seconds>', 'how long to wait for the end of the hub (default: 60)', wholeNumber)
    .addHelpText('after', examples('hatago stop everything', 'hatago stop'))
    .action(async (id: string | undefined, _options, self: Command) => {
      if (id === undefined) return (await import('../commands/stop.ts')).stopHub(self.optsWithGlobals());
      return (await import('../commands/server.ts')).control('stop', id, self.optsWithGlobals());
    });
  command(program, 'test', 'try a server: can it be reached, does it take our credentials, does it answer')
    .argument('<id>', servers)
    .addHelpText('after', examples('hatago test everything', 'hatago test everything --json'))
    .action(async (id: string, _options, self: Command) =>
      (await import('../commands/server.ts')).testServer(id, self.optsWithGlobals()),
    );
}

function addLogs(program: Command): void {
  command(program, 'logs', 'show what a server wrote to its stderr, or what the hub logged')
    .argument('[id]', 'a server of the running hub (default: the hub itself)')
    .option('-f, --follow', 'go on, and show what comes')
    .option('-n, --lines <count>', 'only so many of the last lines', wholeNumber)
    .addHelpText('after', examples('hatago logs everything', 'hatago logs everything -f', 'hatago logs -n 20'))
    .action(async (id: string | undefined, _options, self: Command) =>
      (await import('../commands/logs.ts')).logs(id, self.optsWithGlobals()),
    );
}

function addGraph(program: Command): void {
  command(program, 'graph', 'draw the servers, what they offer, and which needs which')
    .option('--format <format>', 'dot or json (default: dot)', formatOf)
    .addHelpText('after', examples('hatago graph | dot -Tsvg > servers.svg', 'hatago graph --format json'))
    .action(async (_options, self: Command) => (await import('../commands/graph.ts')).graph(self.optsWithGlobals()));
}

function formatOf(value: string): string {
  if (value === 'dot' || value === 'json') return value;
  throw new InvalidArgumentError('It must be dot or json.');
}
