import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@hatago/protocol';
import { MASK, maskConfig } from '../control/mask-config.ts';

/** A definition with every value that is as it was shown, masked, put back from the one that was shown. */
export function unmaskDefinition(definition: Record<string, unknown>, before: unknown): Record<string, unknown> {
  return restore(definition, maskConfig(before), before) as Record<string, unknown>;
}

/** Whether something in a value is masked still: it was not shown like that where it stands now. */
export function isMasked(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(MASK);
  return typeof value === 'object' && value !== null && Object.values(value).some(isMasked);
}

function restore(sent: unknown, shown: unknown, before: unknown): unknown {
  if (sent === shown) return before;
  if (Array.isArray(sent)) return Array.isArray(before) ? restoreItems(sent, shown as unknown[], before) : sent;
  if (!isRecord(sent) || !isRecord(shown) || !isRecord(before)) return sent;
  return Object.fromEntries(
    Object.entries(sent).map(([name, value]) => [
      name,
      Object.hasOwn(before, name) ? restore(value, shown[name], before[name]) : value,
    ]),
  );
}

/** Where items came or went, those before and those after are in their places from either end; one that could be two stays. */
function restoreItems(sent: readonly unknown[], shown: readonly unknown[], before: readonly unknown[]): unknown[] {
  return sent.map((item, i) => {
    const places = [i, i + shown.length - sent.length].filter((at) => isDeepStrictEqual(shown[at], item));
    const values = new Set(places.map((at) => before[at]));
    return values.size === 1 ? [...values][0] : item;
  });
}
