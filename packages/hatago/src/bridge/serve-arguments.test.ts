import { describe, expect, it } from 'vitest';
import { readServeArguments } from './serve-arguments.ts';

const NOTHING = { tags: [], envFile: [], demo: false, envOverride: false, mode: undefined };

describe('readServeArguments', () => {
  it.each([
    ['serve', NOTHING],
    ['run --stdio', { ...NOTHING, mode: 'stdio' }],
    ['serve --http --port 0 -H ::1', { ...NOTHING, mode: 'http' }],
    ['serve -m stdio', { ...NOTHING, mode: 'stdio' }],
    ['serve --mode=http', { ...NOTHING, mode: 'http' }],
    ['-c a.json serve --profile work', { ...NOTHING, config: 'a.json', profile: 'work' }],
    ['--config=a=b.json serve -q', { ...NOTHING, config: 'a=b.json' }],
    ['serve --tags a,b --tags=c', { ...NOTHING, tags: ['a', 'b', 'c'] }],
    ['serve --env-file a,b --env-file c --env-override', { ...NOTHING, envFile: ['a,b', 'c'], envOverride: true }],
    ['serve --demo --no-watch --log-level debug', { ...NOTHING, demo: true }],
    ['serve --stdio --http', { ...NOTHING, mode: 'http' }],
  ])('understands %s', (text, expected) => {
    expect(readServeArguments(text.split(' '))).toEqual(expected);
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
