import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { NO_LIST, type UpstreamList } from '../route/read-list.ts';
import { countTools, estimateTokens } from './tokens.ts';

const listOf = (...tools: { name: string; description?: string }[]): UpstreamList => ({
  ...NO_LIST,
  items: tools.map((tool) => ({ key: tool.name, payload: Payload.ofValue(tool), declarations: undefined })),
});

describe('the estimate of tokens', () => {
  it.each([
    ['13 tools of server-everything', 7639, 1706],
    ['14 tools of server-filesystem', 12_958, 2821],
    ['9 tools of server-memory', 10_740, 2376],
    ['one long definition', 629, 147],
    ['one short definition', 362, 80],
  ])('is within a tenth of what a tokenizer counts for %s', (_, bytes, tokens) => {
    expect(Math.abs(estimateTokens(bytes) - tokens) / tokens).toBeLessThan(0.1);
  });

  it('counts the tools that are offered, and only those', () => {
    const tools = [
      { name: 'read', description: 'x'.repeat(400) },
      { name: 'write', description: 'y'.repeat(900) },
    ];
    const all = countTools(listOf(...tools));
    const some = countTools(listOf(...tools), { exclude: ['w*'] });
    expect(all.count).toBe(2);
    expect(some.count).toBe(1);
    expect(all.tokens).toBeGreaterThan(some.tokens * 2);
    expect(countTools(NO_LIST)).toEqual({ count: 0, tokens: 0 });
  });
});
