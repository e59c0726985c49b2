import { Payload, TASKS_EXTENSION } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { readGreeting } from './greeting.ts';

const params = (value: unknown): Payload => Payload.ofBytes(new TextEncoder().encode(JSON.stringify(value)));
const CLIENT = {
  protocolVersion: '2025-06-18',
  capabilities: { sampling: {} },
  clientInfo: { name: 'é', version: '1' },
};

describe('a greeting', () => {
  it('is read into the modern shape, with tasks among the capabilities', () => {
    const { protocolVersion, clientInfo, capabilities } = readGreeting(params(CLIENT));
    expect(protocolVersion).toBe('2025-06-18');
    expect(clientInfo?.value()).toEqual(CLIENT.clientInfo);
    expect(capabilities.value()).toMatchObject({ sampling: {}, extensions: { [TASKS_EXTENSION]: {} } });
  });

  it('is read once for all clients that say the same, and anew for one that says anything else', () => {
    const first = readGreeting(params(CLIENT));
    expect(readGreeting(params(CLIENT))).toBe(first);
    const other = readGreeting(params({ ...CLIENT, clientInfo: { name: 'è', version: '1' } }));
    expect(other.clientInfo?.value()).toEqual({ name: 'è', version: '1' });
  });

  it('is forgotten in a flood of others, and never kept when it is large', () => {
    const first = readGreeting(params(CLIENT));
    for (let i = 0; i < 64; i++) readGreeting(params({ ...CLIENT, i }));
    expect(readGreeting(params(CLIENT))).not.toBe(first);
    const large = params({ ...CLIENT, _meta: 'x'.repeat(3_000) });
    expect(readGreeting(large)).not.toBe(readGreeting(large));
    expect(readGreeting(large).protocolVersion).toBe('2025-06-18');
  });

  it.each([null, [], 'a', {}, { protocolVersion: 1, clientInfo: 'a', capabilities: [] }])(
    'that says nothing of use is none: %j',
    (value) => {
      const { protocolVersion, clientInfo, capabilities } = readGreeting(params(value));
      expect([protocolVersion, clientInfo]).toEqual([undefined, undefined]);
      expect(capabilities.isObject()).toBe(true);
    },
  );
});
