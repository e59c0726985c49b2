import { isRecord, modernCapabilities, Payload, TASKS_EXTENSION } from '@hatago/protocol';

/** What a client says of itself in an `initialize`. */
export interface Greeting {
  /** Undefined where it names none. */
  readonly protocolVersion: string | undefined;
  readonly clientInfo: Payload | undefined;
  /** In the modern shape; tasks are the hub's own affair, so servers may always use them. */
  readonly capabilities: Payload;
}

const MOST_KNOWN = 64;
const MOST_BYTES = 2_048;
/** By the bytes of the params, one character each. */
const known = new Map<string, Greeting>();

/** Reads the params of an `initialize`. Clients of one kind say the same, byte for byte: what they said last is remembered. */
export function readGreeting(params: Payload): Greeting {
  const bytes = params.bytes();
  if (bytes.length > MOST_BYTES) return read(params);
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  let greeting = known.get(key);
  if (greeting === undefined) {
    greeting = read(params);
    // A flood of different ones is not worth remembering.
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, greeting);
  }
  return greeting;
}

function read(params: Payload): Greeting {
  const value = params.value();
  const { protocolVersion, clientInfo, capabilities } = isRecord(value) ? value : {};
  const modern = modernCapabilities(isRecord(capabilities) ? capabilities : {});
  const extensions = isRecord(modern.extensions) ? modern.extensions : {};
  return {
    protocolVersion: typeof protocolVersion === 'string' ? protocolVersion : undefined,
    clientInfo: isRecord(clientInfo) ? Payload.ofValue(clientInfo) : undefined,
    capabilities: Payload.ofBytes(
      new TextEncoder().encode(JSON.stringify({ ...modern, extensions: { ...extensions, [TASKS_EXTENSION]: {} } })),
    ),
  };
}
