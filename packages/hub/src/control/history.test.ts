import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LogEvent, NO_LOG } from '../core/log.ts';
import { createEvents } from '../observe/events.ts';
import type { Config } from './config.ts';
import { type History, openHistory } from './history.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { maskValues } from './mask-values.ts';
import { planChange } from './plan.ts';
import { parseConfig } from './schema.ts';
import type { Written } from './source.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hatago-history-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const KEY = new Uint8Array(32).fill(3);

function config(mcpServers: object, more: object = {}): Config {
  const parsed = parseConfig({ ...more, mcpServers });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

let history: History;
function ledgerOf(max = 3): Ledger {
  history = openHistory({ home, max: () => max, log: NO_LOG });
  const events = createEvents({ now: () => 0 });
  return createLedger({ history, events, maskKey: KEY, folder: home, max: () => max, now: () => 0 });
}

function add(ledger: Ledger, one: Config, origin: 'start' | 'file' = 'file', written?: Written): number {
  const id = ledger.add(one, { origin, diff: planChange(undefined, one, home), written });
  ledger.set(id, 'active');
  return id;
}

const A = { command: 'node', args: ['--token', 'sesame1'], env: { TOKEN: 'sesame2', GONE: null } };

describe('maskValues', () => {
  it('leaves no value that may be a secret, and shows that one has changed', () => {
    const remote = { url: 'https://x.example/mcp?key=sesame3', headers: { Authorization: 'Bearer sesame4' } };
    const one = config({ a: A, b: remote }, { admin: { token: 'sesame5sesame5sesame5' } });
    const masked = maskValues(one, KEY);
    expect(JSON.stringify(masked)).not.toContain('sesame');
    expect(masked.mcpServers['b']?.url).toMatch(/^https:\/\/x\.example\/mcp\?masked:[0-9a-f]{12}$/);
    expect(masked.mcpServers['a']?.env['GONE']).toBeNull();
    const other = maskValues(config({ a: { ...A, env: { TOKEN: 'other' } }, b: remote }), KEY);
    expect(other.mcpServers['a']?.env['TOKEN']).not.toBe(masked.mcpServers['a']?.env['TOKEN']);
    expect(
      maskValues(
        one,
        KEY.map(() => 4),
      ).mcpServers['a']?.args,
    ).not.toEqual(masked.mcpServers['a']?.args);
  });
});

describe('the numbers of generations', () => {
  it('go on after a restart; the same configuration keeps its own', async () => {
    const first = ledgerOf();
    add(first, config({ a: A }), 'start');
    add(first, config({ a: A, b: A }));
    await history.flush();
    const same = ledgerOf();
    expect(add(same, config({ a: A, b: A }), 'start')).toBe(2);
    expect(add(same, config({}))).toBe(3);
    await history.flush();
    const changed = ledgerOf();
    expect(add(changed, config({ c: A }), 'start')).toBe(4);
    expect(changed.records().map(({ id, state }) => [id, state])).toEqual([
      [4, 'active'],
      [3, 'retired'],
      [2, 'retired'],
      [1, 'retired'],
    ]);
    await history.flush();
    const secret = ledgerOf();
    expect(add(secret, config({ c: { ...A, env: { TOKEN: 'sesame9' } } }), 'start')).toBe(5);
    expect(changed.diff(1, 4)).toMatchObject({ added: ['c'], removed: ['a'] });
    expect(changed.diff(1, 9)).toBeUndefined();
    expect(changed.configOf(1)).toBeUndefined();
  });

  it('of failed ones are not gone back to, and stay failed', async () => {
    const ledger = ledgerOf();
    add(ledger, config({ a: A }), 'start');
    const failed = add(ledger, config({ b: A }));
    ledger.set(failed, 'failed', 'it did not work');
    ledger.set(failed, 'retired');
    const third = add(ledger, config({ c: A }));
    expect(ledger.record(failed)).toMatchObject({ state: 'failed', error: 'it did not work' });
    expect(ledger.lastGood(third)).toBe(1);
    await history.flush();
    expect(ledgerOf().records()[1]).toMatchObject({ id: 2, state: 'failed' });
  });

  it('are kept with their configurations only so many', async () => {
    const ledger = ledgerOf(2);
    for (let i = 1; i <= 5; i++) {
      ledger.set(add(ledger, config({ [`s${i}`]: A })), 'retired');
    }
    await history.flush();
    expect(ledger.configOf(5)).toBeDefined();
    expect(ledger.configOf(1)).toBeUndefined();
    expect(readdirSync(join(home, 'generations')).sort()).toEqual(['4.json', '5.json']);
  });
});

describe('what a generation was read from', () => {
  it.each([
    ['is kept where it has references in place of secrets', '${secret:TOKEN}', true],
    ['is not kept where it holds one', 'ghp_abcdefghijklmnop', false],
  ])('%s', async (_, value, isKept) => {
    const text = JSON.stringify({ mcpServers: { a: { ...A, args: [], env: { TOKEN: value } } } });
    add(ledgerOf(), config({ a: A }), 'start', { file: '/work/c.json', text });
    await history.flush();
    const later = ledgerOf();
    expect(later.writtenOf(1)).toEqual(isKept ? { file: '/work/c.json', text } : undefined);
    expect(later.lastGood(2)).toBe(isKept ? 1 : undefined);
  });
});

describe('openHistory', () => {
  it('leaves out what it cannot read', () => {
    mkdirSync(join(home, 'generations'));
    for (const [name, text] of [
      ['1.json', '{ half'],
      ['2.json', '{"format":9}'],
      ['notes.txt', 'mine'],
    ] as const) {
      writeFileSync(join(home, 'generations', name), text);
    }
    expect(openHistory({ home, max: () => 3, log: NO_LOG }).earlier).toEqual([]);
    expect(readdirSync(join(home, 'generations'))).toContain('notes.txt');
  });

  it('says so where nothing can be written, and goes on', async () => {
    const logs: LogEvent[] = [];
    writeFileSync(join(home, 'generations'), 'a file in the way');
    const history = openHistory({ home, max: () => 3, log: (event) => void logs.push(event) });
    const one = config({ a: A });
    const ledger = createLedger({
      history,
      events: createEvents({ now: () => 0 }),
      maskKey: KEY,
      folder: home,
      max: () => 3,
      now: () => 0,
    });
    add(ledger, one, 'start');
    await history.flush();
    expect(logs).toMatchObject([{ level: 'warn', event: 'generation.not_kept' }]);
  });
});
