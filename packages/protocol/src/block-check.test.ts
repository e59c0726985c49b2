import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, checkBlock, HAS_CONTROL, HAS_WIDE } from './block-check.ts';

describe('checkBlock', () => {
  it('tells control bytes and bytes outside of ASCII from all others', () => {
    for (let byte = 0; byte < 256; byte++) {
      const block = new Uint8Array(BLOCK_BYTES).fill(0x61);
      block[(byte * 251) % BLOCK_BYTES] = byte;
      expect(checkBlock(block, 0), `byte ${byte}`).toBe(
        (byte < 0x20 ? HAS_CONTROL : 0) | (byte >= 0x80 ? HAS_WIDE : 0),
      );
    }
  });

  it('sees every byte of the block and none beside it', () => {
    const bytes = new Uint8Array(BLOCK_BYTES + 14).fill(0x20);
    bytes.fill(0x01, 0, 7);
    bytes.fill(0xff, BLOCK_BYTES + 7);
    expect(checkBlock(bytes, 7)).toBe(0);
    for (const at of [...Array(130).keys(), BLOCK_BYTES - 1].map((offset) => offset + 7)) {
      bytes[at] = 0x1f;
      expect(checkBlock(bytes, 7), `offset ${at}`).toBe(HAS_CONTROL);
      bytes[at] = 0x20;
    }
  });
});
