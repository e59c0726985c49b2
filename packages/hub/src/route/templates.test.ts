import { describe, expect, it } from 'vitest';
import { parseTemplate } from './templates.ts';

describe('parseTemplate', () => {
  it.each([
    ['test://t/{id}/data', 'test://t/123/data', true],
    ['test://t/{id}/data', 'test://t//data', false],
    ['test://t/{id}/data', 'test://t/1/2/data', false],
    ['test://t/{id}/data', 'test://t/123/date', false],
    ['file:///{+path}', 'file:///a/b/c.txt', true],
    ['file:///{path}', 'file:///a/b/c.txt', false],
    ['db://{table}{/id}', 'db://users', true],
    ['db://{table}{/id}', 'db://users/1', true],
    ['db://x{?q,r}', 'db://x?q=1&r=2', true],
    ['db://x{?q}', 'db://x', true],
    ['db://x?a=1{&b}', 'db://x?a=1&b=2', true],
    ['a://x{.ext}', 'a://x.json', true],
    ['a://x{;p}', 'a://x;p=1', true],
    ['a://x{#frag}', 'a://x#y/z', true],
    ['a://fixed', 'a://fixed', true],
    ['a://fixed', 'a://fixed/more', false],
    ['a://open{brace', 'a://open{brace', true],
    ['a://{x}-{y}', 'a://1-2', true],
    ['a://{x}-{y}', 'a://12', false],
  ])('%s on %s is %s', (template, uri, expected) => {
    expect(parseTemplate(template).matches(uri)).toBe(expected);
  });

  it('tells the text before the first expression', () => {
    expect(parseTemplate('test://t/{id}').literal).toBe('test://t/');
  });

  it('takes linear time on hostile input', () => {
    const template = parseTemplate(`a://${'{x}'.repeat(50)}!`);
    const started = performance.now();
    expect(template.matches(`a://${'y'.repeat(5000)}`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('does not try URIs that are longer than any real one', () => {
    expect(parseTemplate('a://{+x}').matches(`a://${'y'.repeat(9000)}`)).toBe(false);
  });
});
