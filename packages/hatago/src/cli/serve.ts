import { type Command, Option } from 'commander';
import { collect, command, examples, wholeNumber } from './command.ts';

/** Running the hub. */
export function addServeCommands(program: Command): void {
  addServe(program);
  addService(program);
}

const repeat = (value: string, before: string[]): string[] => [...before, value];

function addServe(program: Command): void {
  command(program, 'serve', 'run the hub (HTTP on a terminal, stdio on a pipe)')
    .alias('run')
    .option('--http', 'serve Streamable HTTP')
    .option('--stdio', 'serve a client over stdin and stdout; clients of one configuration share one hub')
    .addOption(new Option('-m, --mode <mode>', 'the same as --stdio or --http').choices(['stdio', 'http']))
    .option('-H, --host <host>', 'address to listen on (default: 127.0.0.1)')
    .option('-p, --port <port>', 'port to listen on, 0 for any (default: 3535)', wholeNumber)
    .option('--found-config <path>', 'as --config, but what the file brought with a project is asked about')
    .option('--tags <tags>', 'only servers with one of these tags, comma separated', collect, [])
    .option('--env-file <path>', 'file of variables for ${…} in the configuration; may be repeated', repeat, [])
    .option('--env-override', 'variables of files win over those of the environment')
    .option('--watch', 'apply edits of the configuration as they are made (default: as it says itself, else yes)')
    .option('--no-watch', 'leave edits until `hatago reload`')
    .option('--detach', 'serve HTTP in the background, and return when the servers are up')
    .option('--demo', 'serve three npm servers to try the hub with')
    .option('--allow-unauthenticated-network', 'DANGEROUS: serve others than this machine without any authentication')
    .addHelpText(
      'after',
      examples(
        'hatago serve --http',
        'hatago serve --stdio --config .hatago/config.jsonc',
        'hatago serve --http --port 8080 --tags dev,docs',
        'hatago serve --detach --env-file .env.local',
      ),
    )
    .action(async (_options, self: Command) => (await import('../commands/serve.ts')).serve(self.optsWithGlobals()));
}

function addService(program: Command): void {
  const service = command(
    program,
    'service',
    'have the system run the hub from login on (systemd, launchd)',
  ).addHelpText('after', examples('hatago service install', 'hatago service status'));
  const named = (name: string, description: string): Command =>
    command(service, name, description).option('--name <name>', 'name of the service', 'hatago');

  named('install', 'make the service and start it')
    .option('-H, --host <host>', 'address to listen on (default: 127.0.0.1)')
    .option('-p, --port <port>', 'port to listen on (default: 3535)', wholeNumber)
    .option('--tags <tags>', 'only servers with one of these tags, comma separated', collect, [])
    .option('--print', 'print the unit, and change nothing')
    .option('-f, --force', 'overwrite a unit that hatago did not write')
    .addHelpText(
      'after',
      examples(
        'hatago service install',
        'hatago service install --config ~/work/hatago.config.jsonc --name work --port 3536',
        'hatago service install --print > ~/.config/systemd/user/hatago.service',
      ),
    )
    .action(async (_options, self: Command) =>
      (await import('../commands/service.ts')).installService(self.optsWithGlobals()),
    );
  named('uninstall', 'stop the service and remove it')
    .option('-f, --force', 'remove a unit that hatago did not write')
    .addHelpText('after', examples('hatago service uninstall', 'hatago service uninstall --name work'))
    .action(async (_options, self: Command) =>
      (await import('../commands/service.ts')).uninstallService(self.optsWithGlobals()),
    );
  named('status', 'tell whether the service is installed and runs')
    .addHelpText('after', examples('hatago service status', 'hatago service status --json'))
    .action(async (_options, self: Command) =>
      (await import('../commands/service.ts')).serviceStatus(self.optsWithGlobals()),
    );
}
