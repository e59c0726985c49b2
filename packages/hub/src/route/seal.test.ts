import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSealer } from './seal.ts';

const key = randomBytes(32);

describe('createSealer', () => {
  it('opens what it sealed', () => {
    const sealer = createSealer([key], () => 0);
    const text = sealer.seal('state', { a: [1, 'ü'] });
    expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(sealer.open('state', text)).toEqual({ ok: true, value: { a: [1, 'ü'] } });
  });

  it('hides what it seals and never gives the same text twice', () => {
    const sealer = createSealer([key], () => 0);
    const text = sealer.seal('state', 'secret-canary');
    expect(Buffer.from(text, 'base64url').toString('latin1')).not.toContain('canary');
    expect(sealer.seal('state', 'secret-canary')).not.toBe(text);
  });

  it('opens a text only for the use it was made for', () => {
    const sealer = createSealer([key], () => 0);
    expect(sealer.open('cursor', sealer.seal('state', 1))).toEqual({ ok: false, error: 'forged' });
  });

  it('refuses a text of which any one character was changed', () => {
    const sealer = createSealer([key], () => 0);
    const text = sealer.seal('state', { a: 1 });
    for (let i = 0; i < text.length; i++) {
      const other = text[i] === 'A' ? 'B' : 'A';
      expect(sealer.open('state', text.slice(0, i) + other + text.slice(i + 1)).ok).toBe(false);
    }
  });

  it('refuses another spelling of the same bytes', () => {
    const sealer = createSealer([key], () => 0);
    const text = sealer.seal('state', 1);
    expect(sealer.open('state', `${text}=`)).toEqual({ ok: false, error: 'malformed' });
    expect(sealer.open('state', ` ${text}`)).toEqual({ ok: false, error: 'malformed' });
    expect(sealer.open('state', '')).toEqual({ ok: false, error: 'malformed' });
    expect(sealer.open('state', 'not sealed at all')).toEqual({ ok: false, error: 'malformed' });
  });

  it('expires when its time is over and not before', () => {
    let now = 1000;
    const sealer = createSealer([key], () => now);
    const text = sealer.seal('state', 1, 500);
    now = 1499;
    expect(sealer.open('state', text).ok).toBe(true);
    now = 1500;
    expect(sealer.open('state', text)).toEqual({ ok: false, error: 'expired' });
  });

  it('opens texts of an older key and seals with the newer', () => {
    const newer = randomBytes(32);
    const before = createSealer([key], () => 0);
    const after = createSealer([newer, key], () => 0);
    expect(after.open('state', before.seal('state', 1)).ok).toBe(true);
    expect(before.open('state', after.seal('state', 1))).toEqual({ ok: false, error: 'unknown_key' });
  });

  it('names what is wrong with its keys', () => {
    expect(() => createSealer([], () => 0)).toThrow(/at least one key/);
    expect(() => createSealer([new Uint8Array(16)], () => 0)).toThrow(/32 bytes long, not 16/);
  });
});
