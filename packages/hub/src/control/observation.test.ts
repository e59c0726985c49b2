import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure } from '../core/errors.ts';
import type { Outcome } from '../core/exchange.ts';
import { complete, upstreamError } from '../route/scripted-upstream.ts';
import type { BuiltGeneration } from './build.ts';
import { watchOver } from './observation.ts';
import { planChange } from './plan.ts';
import { parseConfig } from './schema.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const OK = complete({});
const DOWN = failure('HATAGO_UPSTREAM_UNAVAILABLE', { server: 'new' });

function begin(rollover: object = {}) {
  const parsed = parseConfig({
    rollover: { errorRateThreshold: 0.5, minCalls: 4, windowMs: 1000, ...rollover },
    mcpServers: { new: { command: 'x' }, same: { command: 'y' } },
  });
  const old = parseConfig({ mcpServers: { same: { command: 'y' } } });
  if (!parsed.ok || !old.ok) throw new Error('not a configuration');
  const generation = { config: parsed.value, observer: undefined } as unknown as BuiltGeneration;
  const whys: string[] = [];
  const stop = watchOver(generation, planChange(old.value, parsed.value, '/'), (why) => void whys.push(why));
  const end = (outcome: Outcome, server = 'new', times = 1): void => {
    for (let i = 0; i < times; i++) generation.observer?.(server, outcome);
  };
  return { generation, whys, end, stop };
}

describe('watchOver', () => {
  it('tells once when too many of enough calls failed, and of whom', () => {
    const { generation, whys, end } = begin();
    end(OK);
    end(DOWN, 'new', 2);
    expect(whys).toEqual([]);
    end(DOWN, 'new', 5);
    expect(whys).toEqual(['3 of its first 4 calls failed, of new 3']);
    expect(generation.observer).toBeUndefined();
  });

  it('is content with as many failures as are allowed', () => {
    const { whys, end } = begin();
    end(OK, 'new', 10);
    end(DOWN, 'new', 10);
    expect(whys).toEqual([]);
  });

  it('does not count what is no fault of the server, nor servers that were there before', () => {
    const { whys, end } = begin();
    end(upstreamError(-32602), 'new', 10);
    end(failure('HATAGO_POLICY_DENIED'), 'new', 10);
    end(DOWN, 'same', 10);
    expect(whys).toEqual([]);
  });

  it('looks away after a while', async () => {
    const { generation, end, whys } = begin();
    await vi.advanceTimersByTimeAsync(1100);
    expect(generation.observer).toBeUndefined();
    end(DOWN, 'new', 10);
    expect(whys).toEqual([]);
  });

  it('never looks where every failure is allowed', () => {
    const { generation, stop } = begin({ errorRateThreshold: 1 });
    expect(generation.observer).toBeUndefined();
    stop();
  });
});
