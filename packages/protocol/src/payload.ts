import { indexOfMember, type Members, valueEnd, valueStart } from './members.ts';
import { joinPieces, type Piece } from './pieces.ts';
import { recordedElements, type Scanned, scan } from './scan.ts';
import { digitsAt, jsonStringAt } from './text.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const QUOTE = 0x22;

/**
 * One JSON value that is held as bytes, as a value, or both: each form is made on first use and remembered, so that a
 * payload nobody looks into travels as the bytes it came in.
 */
export class Payload {
  #source: Uint8Array | undefined;
  #start: number;
  #end: number;
  #members: Members | undefined;
  #value: unknown;
  #hasValue: boolean;
  #pieces: readonly Piece[] | undefined;

  private constructor(
    source: Uint8Array | undefined,
    start: number,
    end: number,
    members: Members | undefined,
    value: unknown,
    hasValue: boolean,
    pieces: readonly Piece[] | undefined,
  ) {
    this.#source = source;
    this.#start = start;
    this.#end = end;
    this.#members = members;
    this.#value = value;
    this.#hasValue = hasValue;
    this.#pieces = pieces;
  }

  /** A payload over a range of bytes that are known to be one JSON value; `members` as the scan found them. */
  static ofBytes(source: Uint8Array, start = 0, end: number = source.length, members?: Members): Payload {
    return new Payload(source, start, end, members, undefined, false, undefined);
  }

  /** A payload over a value; it must be representable in JSON. */
  static ofValue(value: unknown): Payload {
    return new Payload(undefined, 0, 0, undefined, value, true, undefined);
  }

  /** A payload over pieces that together are one JSON value. */
  static ofPieces(pieces: readonly Piece[]): Payload {
    return new Payload(undefined, 0, 0, undefined, undefined, false, pieces);
  }

  /** The bytes the offsets of {@link Payload.members} point into. */
  source(): Uint8Array {
    return this.#bytesForm();
  }

  /** The JSON text as bytes. */
  bytes(): Uint8Array {
    const source = this.#bytesForm();
    return this.#start === 0 && this.#end === source.length ? source : source.subarray(this.#start, this.#end);
  }

  /** Length of the JSON text in bytes. */
  get size(): number {
    this.#bytesForm();
    return this.#end - this.#start;
  }

  /** The JSON text as pieces, without joining what is not joined yet. */
  pieces(): readonly Piece[] {
    return this.#source === undefined && this.#pieces !== undefined ? this.#pieces : [this.bytes()];
  }

  /** The value; callers must not change it. */
  value(): unknown {
    if (!this.#hasValue) {
      const source = this.#bytesForm();
      if (source[this.#start] === QUOTE) this.#value = jsonStringAt(source, this.#start, this.#end);
      else this.#value = digitsAt(source, this.#start, this.#end) ?? JSON.parse(decoder.decode(this.bytes()));
      this.#hasValue = true;
    }
    return this.#value;
  }

  /** Whether it is an object, judged by its first byte where only bytes are held. */
  isObject(): boolean {
    if (this.#members !== undefined) return true;
    if (this.#source === undefined && this.#hasValue) {
      return typeof this.#value === 'object' && this.#value !== null && !Array.isArray(this.#value);
    }
    return this.#bytesForm()[this.#start] === 0x7b;
  }

  /**
   * Members of the object this payload is, with offsets into {@link Payload.source}; undefined when it is no object. Of
   * members of one name all but the last are dropped for good, so that no two readers take it for different things.
   */
  members(): Members | undefined {
    if (this.#members === undefined && this.isObject()) {
      let scanned = scan(this.#bytesForm(), this.#start, this.#end, UNBOUNDED);
      if (!scanned.ok && scanned.error.reason === 'duplicate') {
        this.#source = encoder.encode(JSON.stringify(JSON.parse(decoder.decode(this.bytes()))));
        this.#start = 0;
        this.#end = this.#source.length;
        scanned = scan(this.#source, 0, this.#end, UNBOUNDED);
      }
      if (scanned.ok) this.#members = scanned.value.top;
    }
    return this.#members;
  }

  /** The elements of the array this payload is, each over the same bytes where it can be; undefined when it is no array. */
  elements(): Payload[] | undefined {
    const source = this.#bytesForm();
    let elements = recordedElements(source, this.#start);
    if (elements === undefined) {
      const scanned = scan(source, this.#start, this.#end, UNBOUNDED);
      if (scanned.ok) elements = scanned.value.elements;
      else {
        // Members of one name in an element: as values they are told apart.
        const value = this.value();
        return Array.isArray(value) ? value.map((element: unknown) => Payload.ofValue(element)) : undefined;
      }
    }
    return elements?.map(payloadOf);
  }

  /** The value of one member as a payload of its own, undefined when there is none. */
  member(name: string): Payload | undefined {
    const members = this.members();
    if (members === undefined) return undefined;
    const index = indexOfMember(members, name);
    if (index === -1) return undefined;
    return Payload.ofBytes(
      this.#bytesForm(),
      valueStart(members, index),
      valueEnd(members, index),
      members.children[index],
    );
  }

  /** The value of one member when it is a string. */
  text(name: string): string | undefined {
    const members = this.members();
    if (members === undefined) return undefined;
    const index = indexOfMember(members, name);
    if (index === -1) return undefined;
    const source = this.#bytesForm();
    const start = valueStart(members, index);
    return source[start] === QUOTE ? jsonStringAt(source, start, valueEnd(members, index)) : undefined;
  }

  #bytesForm(): Uint8Array {
    if (this.#source === undefined) {
      this.#source =
        this.#pieces === undefined ? encoder.encode(JSON.stringify(this.#value)) : joinPieces(this.#pieces);
      this.#start = 0;
      this.#end = this.#source.length;
    }
    return this.#source;
  }
}

/** What we hold ourselves was bounded when it came in. */
const UNBOUNDED = { maxDepth: Number.POSITIVE_INFINITY, maxTokens: Number.POSITIVE_INFINITY };

/** The whole of a scanned text as a payload. */
export function payloadOf(scanned: Scanned): Payload {
  return Payload.ofBytes(scanned.source, scanned.start, scanned.end, scanned.top);
}

/** An empty object, for requests that came without `params`. */
export const EMPTY_OBJECT: Payload = Payload.ofBytes(encoder.encode('{}'));
