// The few statistics the benchmark needs.

/** Rounds to a number of decimals. @param {number} value @param {number} [digits] @returns {number} */
export const round = (value, digits = 3) => Number(value.toFixed(digits));

/** Median of the finite numbers in a list; null when there is none. @param {unknown[]} values @returns {number | null} */
export function median(values) {
  const sorted = values.filter((v) => typeof v === 'number' && Number.isFinite(v)).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const mid = sorted.length >> 1;
  return sorted.length % 2 ? sorted[mid] : (sorted[mid - 1] + sorted[mid]) / 2;
}

/** A growable buffer of numbers, cheap enough to add to on every answer. */
export function createSamples(capacity = 1 << 16) {
  let data = new Float64Array(capacity);
  let length = 0;
  return {
    /** @param {number} value */
    add(value) {
      if (length === data.length) {
        const bigger = new Float64Array(data.length * 2);
        bigger.set(data);
        data = bigger;
      }
      data[length++] = value;
    },
    /** Percentiles of what was added; null for each when nothing was. */
    summary() {
      const sorted = data.slice(0, length).sort();
      const at = (q) => (length ? round(sorted[Math.min(length - 1, Math.floor(q * length))]) : null);
      return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
    },
  };
}
