import { describe, expect, it } from 'vitest';
import { lookAlikeOf } from './look-alike.ts';

describe('a package name', () => {
  it.each([
    ['@modelcontextprotocol/server-filesytem', '@modelcontextprotocol/server-filesystem'],
    ['@modelcontextprotocoI/server-memory', '@modelcontextprotocol/server-memory'],
    ['@modelcontextprotoco1/server-memory', '@modelcontextprotocol/server-memory'],
    ['@modelcontext-protocol/server-github', '@modelcontextprotocol/server-github'],
    ['server-filesystem', '@modelcontextprotocol/server-filesystem'],
    ['@modelcontextprotocols/server-slack', '@modelcontextprotocol/server-slack'],
    ['@p1aywright/mcp', '@playwright/mcp'],
    ['playwright-mcp', '@playwright/mcp'],
    ['mcp-rernote', 'mcp-remote'],
    ['firecrawl-mpc', 'firecrawl-mcp'],
    ['context7-mcp', '@upstash/context7-mcp'],
  ])('%s looks like %s', (name, known) => {
    expect(lookAlikeOf(name)).toBe(known);
  });

  it.each([
    '@modelcontextprotocol/server-filesystem',
    '@playwright/mcp',
    'mcp-remote',
    '@acme/mcp',
    '@acme/mcp-server',
    'mcp-server-weather',
    '@acme/server-filesystem-plus',
    'left-pad',
  ])('%s looks like no other', (name) => {
    expect(lookAlikeOf(name)).toBeUndefined();
  });
});
