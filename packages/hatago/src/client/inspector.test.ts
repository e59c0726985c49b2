import { describe, expect, it } from 'vitest';
import { inspectorCommand, whyNoInspector } from './inspector.ts';

describe('the Inspector', () => {
  it('is run on an endpoint', () => {
    expect(inspectorCommand('http://127.0.0.1:3535/mcp').join(' ')).toMatch(
      /^npx .*inspector .*--server-url http:\/\/127.0.0.1:3535\/mcp$/,
    );
  });

  it.each(['22.19.0', '22.20.1', '24.0.0', '26.1.0'])('runs on Node %s', (version) => {
    expect(whyNoInspector(version)).toBeUndefined();
  });

  it.each(['20.19.0', '22.18.9'])('does not run on Node %s, and there is something else to do', (version) => {
    expect(whyNoInspector(version)).toContain('without --ui');
  });
});
