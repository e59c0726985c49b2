/**
 * A map of few entries that come and go, for what one client has in flight. It is searched from end to end, and unlike a
 * `Map` it keeps nothing of the entries that were taken out; see {@link IdTable} for why that matters.
 */
export class ShortMap<K extends string | number, V> {
  readonly #keys: K[] = [];
  readonly #values: V[] = [];

  get size(): number {
    return this.#keys.length;
  }

  has(key: K): boolean {
    return this.#keys.includes(key);
  }

  get(key: K): V | undefined {
    const at = this.#keys.indexOf(key);
    return at === -1 ? undefined : this.#values[at];
  }

  set(key: K, value: V): void {
    const at = this.#keys.indexOf(key);
    if (at === -1) {
      this.#keys.push(key);
      this.#values.push(value);
    } else this.#values[at] = value;
  }

  delete(key: K): boolean {
    const at = this.#keys.indexOf(key);
    if (at === -1) return false;
    const lastKey = this.#keys.pop() as K;
    const lastValue = this.#values.pop() as V;
    if (at < this.#keys.length) {
      this.#keys[at] = lastKey;
      this.#values[at] = lastValue;
    }
    return true;
  }

  /** What is held now. */
  values(): V[] {
    return this.#values.slice();
  }

  clear(): void {
    this.#keys.length = 0;
    this.#values.length = 0;
  }
}
