import { type Command, Option } from 'commander';
import { command, examples } from './command.ts';

/** Making and changing a configuration. */
export function addConfigCommands(program: Command): void {
  addInit(program);
  addMigrate(program);
  addConfig(program);
}

function addInit(program: Command): void {
  command(program, 'init', 'write a configuration to start from, and show how to connect clients')
    .addOption(new Option('-m, --mode <mode>', 'show how to connect this way only').choices(['stdio', 'http']))
    .option('-f, --force', 'overwrite an existing configuration')
    .option('--from <file>', 'take the servers of an existing .mcp.json, mcp.json or hatago.config.json')
    .option('-o, --output <path>', 'where to write, JSONC or YAML (default: .hatago/config.jsonc)')
    .addHelpText(
      'after',
      examples('hatago init', 'hatago init --from .mcp.json', 'hatago init -o hatago.config.yaml --mode stdio'),
    )
    .action(async (_options, self: Command) => (await import('../commands/init.ts')).init(self.optsWithGlobals()));
}

function addMigrate(program: Command): void {
  command(program, 'migrate', 'show how a configuration of an older format is written today, comments kept')
    .argument('[file]', 'the file (default: the configuration in use)')
    .option('--write', 'rewrite it; what was there stays beside it as a .bak file')
    .addHelpText('after', examples('hatago migrate', 'hatago migrate --write', 'hatago migrate old/hatago.config.json'))
    .action(async (file: string | undefined, _options, self: Command) =>
      (await import('../commands/migrate.ts')).migrate(file, self.optsWithGlobals()),
    );
}

const SHOW = 'show what may be secret too';

function addConfig(program: Command): void {
  const config = command(program, 'config', 'look at and change the configuration').addHelpText(
    'after',
    examples('hatago config show', 'hatago config set mcpServers.fs.start lazy', 'hatago config validate'),
  );
  command(config, 'show', 'print the configuration in effect: all files, the profile and the defaults, secrets hidden')
    .option('--show', SHOW)
    .addHelpText('after', examples('hatago config show', 'hatago config show --profile ci --json'))
    .action(async (_options, self: Command) =>
      (await import('../commands/config.ts')).configShow(self.optsWithGlobals()),
    );
  command(config, 'get', 'print one value of the configuration in effect')
    .argument('<key>', 'such as http.port, mcpServers.fs.args[0] or mcpServers["a.b"].url')
    .option('--show', SHOW)
    .addHelpText('after', examples('hatago config get http.port', 'hatago config get mcpServers.fs --json'))
    .action(async (key: string, _options, self: Command) =>
      (await import('../commands/config.ts')).configGet(key, self.optsWithGlobals()),
    );
  command(config, 'set', 'write one value into the configuration file, comments kept')
    .argument('<key>', 'such as http.port or mcpServers.fs.start')
    .argument('<value>', 'JSON, or a text as it is')
    .addHelpText(
      'after',
      examples('hatago config set http.port 8080', `hatago config set mcpServers.fs.tags '["dev"]'`),
    )
    .action(async (key: string, value: string, _options, self: Command) =>
      (await import('../commands/config.ts')).configSet(key, value, self.optsWithGlobals()),
    );
  command(config, 'unset', 'take one value out of the configuration file')
    .argument('<key>', 'such as mcpServers.fs.start')
    .addHelpText('after', examples('hatago config unset mcpServers.fs.start'))
    .action(async (key: string, _options, self: Command) =>
      (await import('../commands/config.ts')).configUnset(key, self.optsWithGlobals()),
    );
  command(config, 'validate', 'check the configuration as `hatago serve` would')
    .argument('[file]', 'the file (default: the configuration in use)')
    .addHelpText('after', examples('hatago config validate', 'hatago config validate hatago.config.jsonc --json'))
    .action(async (file: string | undefined, _options, self: Command) =>
      (await import('../commands/config.ts')).configValidate(file, self.optsWithGlobals()),
    );
  command(config, 'schema', 'print the JSON Schema of the configuration')
    .addHelpText('after', examples('hatago config schema > schema.json'))
    .action(async () => (await import('../commands/config.ts')).configSchema());
}
