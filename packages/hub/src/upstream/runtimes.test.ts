import { describe, expect, it } from 'vitest';
import { howToInstall } from './runtimes.ts';

describe('howToInstall', () => {
  it.each([
    ['npx', 'Install Node.js, which npx comes with (https://nodejs.org).'],
    ['uvx', 'Install uv, which uvx comes with (https://docs.astral.sh/uv).'],
    ['C:\\Tools\\Docker.EXE', 'Install Docker (https://docs.docker.com/get-docker).'],
    ['/home/me/bin/server', 'Install "server", or correct the command in the configuration.'],
  ])('says of %s: %s', (command, expected) => {
    expect(howToInstall(command)).toBe(expected);
  });
});
