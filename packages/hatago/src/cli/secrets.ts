import { type Command, Option } from 'commander';
import { command, examples } from './command.ts';

/** Secrets, and the approval of commands. */
export function addSecretsCommands(program: Command): void {
  const secret = command(program, 'secret', 'keep secrets encrypted, for ${secret:NAME} in the configuration')
    .addHelpText('after', examples('hatago secret set GITHUB_TOKEN', 'hatago secret list'))
    .enablePositionalOptions();
  addKeeping(secret);
  addKey(secret);
  addTransfer(secret);
  addTrust(program);
}

const KEY = (): Option =>
  new Option(
    '--key <place>',
    'where the key is kept (default: the keyring, else HATAGO_MASTER_KEY, else a file)',
  ).choices(['keyring', 'environment', 'file']);

function addKeeping(secret: Command): void {
  command(
    secret,
    'set',
    'keep a secret; its value comes from a hidden prompt or standard input, never from the command line',
  )
    .argument('<name>', 'letters, digits, _ . and -')
    .option('--label <text>', 'what it is for')
    .addHelpText(
      'after',
      examples('hatago secret set GITHUB_TOKEN', 'gh auth token | hatago secret set GITHUB_TOKEN --label "read only"'),
    )
    .action(async (name: string, _options, self: Command) =>
      (await import('../commands/secret.ts')).setSecret(name, self.optsWithGlobals()),
    );
  command(secret, 'get', 'say whether a secret is kept; with --show, print it')
    .argument('<name>')
    .option('--show', 'print the value itself')
    .addHelpText('after', examples('hatago secret get GITHUB_TOKEN', 'hatago secret get GITHUB_TOKEN --show'))
    .action(async (name: string, _options, self: Command) =>
      (await import('../commands/secret.ts')).getSecret(name, self.optsWithGlobals()),
    );
  command(secret, 'rm', 'remove secrets')
    .argument('<name...>')
    .addHelpText('after', examples('hatago secret rm GITHUB_TOKEN'))
    .action(async (names: string[], _options, self: Command) =>
      (await import('../commands/secret.ts')).removeSecrets(names, self.optsWithGlobals()),
    );
  command(secret, 'list', 'list the names of the secrets, and where their key is')
    .alias('ls')
    .addHelpText('after', examples('hatago secret list', 'hatago secret list --json'))
    .action(async (_options, self: Command) =>
      (await import('../commands/secret.ts')).listSecrets(self.optsWithGlobals()),
    );
}

function addKey(secret: Command): void {
  command(secret, 'init', 'make the key and an empty file of secrets')
    .addOption(KEY())
    .option('--accept', 'take a file that was changed or put back by hand as it is; what does not open is left out')
    .addHelpText('after', examples('hatago secret init', 'hatago secret init --key file'))
    .action(async (_options, self: Command) =>
      (await import('../commands/secret-key.ts')).initSecrets(self.optsWithGlobals()),
    );
  command(secret, 'rotate', 'encrypt every secret with a new key')
    .addOption(KEY())
    .addHelpText('after', examples('hatago secret rotate', 'hatago secret rotate --key keyring'))
    .action(async (_options, self: Command) =>
      (await import('../commands/secret-key.ts')).rotateSecrets(self.optsWithGlobals()),
    );
}

function addTransfer(secret: Command): void {
  command(secret, 'import', 'take secrets over from a .env file, a JSON object, or a secrets.json with its key')
    .argument('<file>', 'the file, - for standard input')
    .option('-f, --force', 'replace secrets that are kept already')
    .addHelpText('after', examples('hatago secret import .env', 'hatago secret import ../old/.hatago/secrets.json'))
    .action(async (file: string, _options, self: Command) =>
      (await import('../commands/secret-transfer.ts')).importSecrets(file, self.optsWithGlobals()),
    );
  command(secret, 'export', 'write the secrets to a file, unencrypted and readable by you alone')
    .argument('<file>', 'ends in .json for a JSON object; else NAME=value lines')
    .option('--plaintext', 'required, because the file is not encrypted')
    .option('-f, --force', 'overwrite the file')
    .addHelpText('after', examples('hatago secret export backup.env --plaintext'))
    .action(async (file: string, _options, self: Command) =>
      (await import('../commands/secret-transfer.ts')).exportSecrets(file, self.optsWithGlobals()),
    );
}

function addTrust(program: Command): void {
  command(program, 'trust', 'look at the commands that came with the files of a project, and approve them')
    .argument('[id...]', 'servers of the configuration (default: those that wait for approval)')
    .option('--all', 'every server at once, with one question')
    .option('-y, --yes', 'approve without asking, for scripts')
    .option('--list', 'only list what is approved and what is not')
    .option('--revoke', 'take approvals back')
    .addHelpText(
      'after',
      examples('hatago trust', 'hatago trust fs --yes', 'hatago trust --list', 'hatago trust --revoke --all'),
    )
    .action(async (ids: string[], _options, self: Command) =>
      (await import('../commands/trust.ts')).trust(ids, self.optsWithGlobals()),
    );
}
