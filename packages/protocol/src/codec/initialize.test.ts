import { describe, expect, it } from 'vitest';
import { META } from '../envelope.ts';
import { Payload } from '../payload.ts';
import { joinPieces } from '../pieces.ts';
import { TASKS_EXTENSION } from './capabilities.ts';
import { fromDiscoverResult, fromInitializeResult, toInitializeResult } from './initialize.ts';

const INFO = { name: 'hub', version: '1' };
const decoder = new TextDecoder();
const shown = (discover: unknown): unknown =>
  JSON.parse(decoder.decode(joinPieces(toInitializeResult(Payload.ofValue(discover), '2025-06-18'))));

describe('toInitializeResult', () => {
  it('says what discover says in the words of a handshake', () => {
    const discover = {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {}, vendor: 1 },
      instructions: 'x',
      ttlMs: 1,
      cacheScope: 'public',
      vendor: true,
      _meta: { [META.serverInfo]: INFO, a: 1 },
    };
    expect(shown(discover)).toEqual({
      protocolVersion: '2025-06-18',
      serverInfo: INFO,
      capabilities: { tools: {}, vendor: 1 },
      instructions: 'x',
      vendor: true,
      _meta: { a: 1 },
    });
  });

  it('leaves no empty _meta behind, and always has what is required', () => {
    expect(shown({ _meta: { [META.serverInfo]: INFO } })).toEqual({
      protocolVersion: '2025-06-18',
      serverInfo: INFO,
      capabilities: {},
    });
    expect(shown({ capabilities: {}, _meta: 1 })).toMatchObject({
      serverInfo: { name: expect.any(String), version: expect.any(String) },
    });
  });

  it('throws for a result that is no object', () => {
    expect(() => toInitializeResult(Payload.ofValue([]), '2025-06-18')).toThrow(TypeError);
  });
});

describe('fromInitializeResult', () => {
  it('reads the offer in the modern shape', () => {
    const result = {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {}, tasks: {} },
      serverInfo: INFO,
      instructions: 'x',
    };
    expect(fromInitializeResult(Payload.ofValue(result))).toEqual({
      ok: true,
      value: {
        versions: ['2025-11-25'],
        capabilities: { tools: {}, extensions: { [TASKS_EXTENSION]: {} } },
        serverInfo: INFO,
        instructions: 'x',
      },
    });
  });

  it('makes do with a server that says little', () => {
    const offer = fromInitializeResult(
      Payload.ofValue({ protocolVersion: '2024-11-05', capabilities: null, serverInfo: 'x', instructions: 5 }),
    );
    expect(offer).toEqual({
      ok: true,
      value: { versions: ['2024-11-05'], capabilities: {}, serverInfo: undefined, instructions: undefined },
    });
  });

  it.each([null, [], {}, { protocolVersion: 1 }])('refuses %j', (result) => {
    expect(fromInitializeResult(Payload.ofValue(result))).toMatchObject({
      ok: false,
      error: expect.stringContaining('initialize'),
    });
  });
});

describe('fromDiscoverResult', () => {
  it('reads the offer', () => {
    const result = {
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
      _meta: { [META.serverInfo]: INFO },
    };
    expect(fromDiscoverResult(Payload.ofValue(result))).toEqual({
      ok: true,
      value: { versions: ['2026-07-28'], capabilities: { tools: {} }, serverInfo: INFO, instructions: undefined },
    });
    expect(fromDiscoverResult(Payload.ofValue({ supportedVersions: [] }))).toMatchObject({
      ok: true,
      value: { serverInfo: undefined },
    });
  });

  it.each(['x', {}, { supportedVersions: 'x' }, { supportedVersions: [1] }])('refuses %j', (result) => {
    expect(fromDiscoverResult(Payload.ofValue(result))).toMatchObject({
      ok: false,
      error: expect.stringContaining('discover'),
    });
  });
});
