import { expect } from 'vitest';
import type { Answer, WireClient } from './wire/client.ts';

/** Calls a tool by its public name. */
export function call(client: WireClient, name: string, args: object = {}): Promise<Answer> {
  return client.request('tools/call', { name, arguments: args });
}

/** Checks a failure of one server: its code, whom it names, and that it has what an operator looks it up by. */
export function expectFailure({ message, text }: Answer, code: number, kind: string, server: string): void {
  expect(message.error, text).toMatchObject({ code, data: { kind, server, correlationId: expect.any(String) } });
  expect(message.error?.message).toContain(server);
}
