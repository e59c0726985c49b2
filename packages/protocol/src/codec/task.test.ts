import { describe, expect, it } from 'vitest';
import { Payload } from '../payload.ts';
import { joinPieces, type Piece } from '../pieces.ts';
import { fromLegacyCreated, toLegacyCreated, toLegacyTask, toModernTask } from './task.ts';

const decoder = new TextDecoder();
const value = (pieces: readonly Piece[]): unknown => JSON.parse(decoder.decode(joinPieces(pieces)));
const LEGACY = {
  taskId: 't',
  status: 'working',
  createdAt: 'c',
  lastUpdatedAt: 'u',
  ttl: 60000,
  pollInterval: 500,
  vendor: 1,
};
const MODERN = {
  taskId: 't',
  status: 'working',
  createdAt: 'c',
  lastUpdatedAt: 'u',
  ttlMs: 60000,
  pollIntervalMs: 500,
  vendor: 1,
};

describe('tasks', () => {
  it('change their words both ways', () => {
    expect(value(toModernTask(Payload.ofValue(LEGACY)))).toEqual(MODERN);
    expect(value(toLegacyTask(Payload.ofValue(MODERN)))).toEqual(LEGACY);
  });

  it('live for ever unless they say how long', () => {
    expect(value(toModernTask(Payload.ofValue({ taskId: 't' })))).toEqual({ taskId: 't', ttlMs: null });
    expect(value(toLegacyTask(Payload.ofValue({ taskId: 't' })))).toEqual({ taskId: 't', ttl: null });
    expect(value(toModernTask(Payload.ofValue({ ttl: null })))).toEqual({ ttlMs: null });
  });

  it('have their end and their questions in line on the modern wire only', () => {
    const inline = { result: Payload.ofValue({ content: [] }), inputRequests: Payload.ofValue({ k: {} }) };
    const modern = toModernTask(Payload.ofValue(LEGACY), inline);
    expect(value(modern)).toEqual({ ...MODERN, result: { content: [] }, inputRequests: { k: {} } });
    expect(value(toLegacyTask(Payload.ofPieces(modern)))).toEqual(LEGACY);
    const failed = { ...MODERN, resultType: 'complete', error: { code: 1 }, requestState: 's' };
    expect(value(toLegacyTask(Payload.ofValue(failed)))).toEqual(LEGACY);
  });

  it('begin under a member of their own on the legacy wire only', () => {
    const created = { resultType: 'task', ...MODERN, _meta: { a: 1 } };
    expect(value(toLegacyCreated(Payload.ofValue(created)))).toEqual({ task: LEGACY, _meta: { a: 1 } });
    expect(fromLegacyCreated(Payload.ofValue({ task: LEGACY, _meta: { a: 1 } }))?.value()).toEqual(created);
    const { _meta, ...bare } = created;
    expect(value(toLegacyCreated(Payload.ofValue(bare)))).toEqual({ task: LEGACY });
    expect(fromLegacyCreated(Payload.ofValue({ task: LEGACY }))?.value()).toEqual(bare);
  });

  it.each([{}, { task: 1 }, { task: [] }])('are not found in %j', (result) => {
    expect(fromLegacyCreated(Payload.ofValue(result))).toBeUndefined();
  });
});
