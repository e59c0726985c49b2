import { Payload, type Scanned, scan } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { renderList, withCursor } from './ready-list.ts';

const items = ['{"name":"a"}', '{"name":"é","x":[1,{"y":2}]}', '{"name":"c"}'].map((text) =>
  Payload.ofBytes(new TextEncoder().encode(text)),
);
const extras: [string, Payload][] = [
  ['_meta', Payload.ofValue({ 'example.com/é': { deep: [1] } })],
  ['ttlMs', Payload.ofValue(5)],
];
const rendered = (maxBytes: number, of = items): readonly Payload[] =>
  renderList({ kind: 'tools', items: of, extras, maxBytes }).pages;

describe('renderList', () => {
  it('knows the members of every page as a scan would find them', () => {
    for (const page of [...rendered(1), ...rendered(1000), ...rendered(1, [])]) {
      const { ok, value } = scan(page.bytes()) as { ok: boolean; value: Scanned };
      expect(ok).toBe(true);
      expect(page.members()).toEqual(value.top);
      expect(page.member('_meta')?.value()).toEqual({ 'example.com/é': { deep: [1] } });
    }
  });

  it('begins a further page where the items are too many bytes, and puts at least one on each', () => {
    expect(rendered(1).map((page) => (page.value() as { tools: object[] }).tools)).toEqual([
      [{ name: 'a' }],
      [{ name: 'é', x: [1, { y: 2 }] }],
      [{ name: 'c' }],
    ]);
    expect(rendered(1000)).toHaveLength(1);
    expect(rendered(1, []).map((page) => page.value())).toEqual([
      { tools: [], _meta: { 'example.com/é': { deep: [1] } }, ttlMs: 5 },
    ]);
  });

  it('takes a cursor in', () => {
    const page = withCursor(rendered(1)[0] as Payload, 'next');
    expect(page.value()).toMatchObject({ tools: [{ name: 'a' }], ttlMs: 5, nextCursor: 'next' });
  });
});
