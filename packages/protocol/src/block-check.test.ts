import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, BLOCK_STEP, checkBlock, HAS_CONTROL, HAS_WIDE } from './block-check.ts';

describe('checkBlock', () => {
  it('tells control bytes and bytes outside of ASCII from all others', () => {
    for (let byte = 0; byte < 256; byte++) {
      const block = new Uint8Array(BLOCK_BYTES).fill(0x61);
      block[(byte * 251) % BLOCK_BYTES] = byte;
      expect(checkBlock(block, 0, BLOCK_BYTES), `byte ${byte}`).toBe(
        (byte < 0x20 ? HAS_CONTROL : 0) | (byte >= 0x80 ? HAS_WIDE : 0),
      );
    }
  });

  it.each([BLOCK_STEP, 5 * BLOCK_STEP, BLOCK_BYTES])('sees every byte of %i and none beside them', (size) => {
    // What an earlier block has left behind counts for nothing.
    checkBlock(new Uint8Array(BLOCK_BYTES).fill(0xff), 0, BLOCK_BYTES);
    const bytes = new Uint8Array(size + 14).fill(0x20);
    bytes.fill(0x01, 0, 7);
    bytes.fill(0xff, size + 7);
    expect(checkBlock(bytes, 7, size)).toBe(0);
    for (const at of [...Array(BLOCK_STEP).keys(), size - 1].map((offset) => offset + 7)) {
      bytes[at] = 0x1f;
      expect(checkBlock(bytes, 7, size), `offset ${at}`).toBe(HAS_CONTROL);
      bytes[at] = 0x20;
    }
  });
});
