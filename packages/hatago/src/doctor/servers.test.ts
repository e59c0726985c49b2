import { describe, expect, it } from 'vitest';
import { toFinding } from './servers.ts';

describe('the readiness of a server', () => {
  it.each([
    ['ready', undefined, 'ok', 'ready, 3 tools'],
    ['lazy', undefined, 'ok', 'lazy'],
    ['disabled', 'It is disabled in the configuration.', 'ok', 'disabled'],
    ['ready', 'a list cannot be read', 'warning', 'ready'],
    ['starting', undefined, 'warning', 'starting'],
    ['needs approval', 'nobody looked at it', 'error', 'needs approval'],
    ['needs a secret', 'it is not set', 'error', 'needs a secret'],
    ['failing', 'it ended', 'error', 'failing'],
  ])('%s (%s) is judged as %s', (state, message, level, said) => {
    expect(toFinding('x', { state, message, fix: undefined }, 3)).toMatchObject({
      subject: 'server x',
      level,
      message: said,
    });
  });

  it('goes with its reason and what mends it, free of escapes', () => {
    const finding = toFinding('x', { state: 'failing', message: 'bad \u001b[31mred', fix: 'hatago logs x' }, 0);
    expect(finding).toMatchObject({ cause: 'bad red', fix: 'hatago logs x' });
  });
});
