import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../cli/program.ts';
import { readServeArguments } from './serve-arguments.ts';

const NOTHING = { tags: [], envFile: [] };

describe('readServeArguments', () => {
  it.each([
    ['serve', NOTHING],
    ['run --stdio', { ...NOTHING, stdio: true }],
    ['serve --http --port 0 -H ::1', { ...NOTHING, http: true, port: 0, host: '::1' }],
    ['serve -m stdio', { ...NOTHING, mode: 'stdio' }],
    ['serve --mode=http', { ...NOTHING, mode: 'http' }],
    ['-c a.json serve --profile work', { ...NOTHING, config: 'a.json', profile: 'work' }],
    ['--config=a=b.json serve -q', { ...NOTHING, config: 'a=b.json', quiet: true }],
    ['serve --found-config a.json', { ...NOTHING, foundConfig: 'a.json' }],
    ['serve --tags a,b --tags=c', { ...NOTHING, tags: ['a', 'b', 'c'] }],
    ['serve --env-file a,b --env-file c --env-override', { ...NOTHING, envFile: ['a,b', 'c'], envOverride: true }],
    ['serve --demo --no-watch --log-level debug', { ...NOTHING, demo: true, watch: false, logLevel: 'debug' }],
    ['serve --watch --json -v', { ...NOTHING, watch: true, json: true, verbose: true }],
    ['serve --stdio --http', { ...NOTHING, stdio: true, http: true }],
  ])('understands %s', (text, expected) => {
    expect(readServeArguments(text.split(' '))).toEqual(expected);
  });

  it.each([
    'serve',
    'run --http -p 80 --tags a,b',
    'serve --stdio --found-config a.json',
    'serve -m stdio -q --no-watch --env-file x',
    'serve --json -H ::1',
  ])('gives for %j what the command line proper does', async (text) => {
    let parsed: object | undefined;
    const program = buildProgram(['serve']);
    const serve = program.commands.find((command) => command.name() === 'serve') as Command;
    serve.action((_options, self: Command) => {
      parsed = self.optsWithGlobals();
    });
    await program.parseAsync(text.split(' '), { from: 'user' });
    expect(readServeArguments(text.split(' '))).toEqual(parsed);
  });

  it.each([
    '',
    'list',
    'serve more',
    'serve --help',
    'serve --detach',
    'serve --config',
    'serve --mode neither',
    'serve --nonsense',
    'serve --log-level loud',
    'serve --port many',
    'serve --stdio=yes',
    'serve -- x',
    'serve constructor',
    'service install',
  ])('leaves %j to the command line proper', (text) => {
    expect(readServeArguments(text.split(' ').filter((part) => part !== ''))).toBeUndefined();
  });
});
