/**
 * What is under way, by numbers that count up. It stands in for a `Map` on the request path: V8 links every outgrown
 * table of a `Map` to the one that follows it, so once one of them has grown old, everything that was ever in a later one
 * is kept until a full collection. Under load that made half of what a request leaves behind survive.
 */
export class IdTable<T> {
  #ids: number[] = [];
  #values: (T | undefined)[] = [];
  #mask = -1;
  #size = 0;

  constructor(capacity = 64) {
    this.#resize(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** The first number from the given one on that is cheap to hold. */
  free(from: number): number {
    if (this.#size * 2 > this.#mask) this.#resize((this.#mask + 1) * 2);
    let id = from;
    while (this.#values[id & this.#mask] !== undefined) id++;
    return id;
  }

  get(id: number): T | undefined {
    const slot = id & this.#mask;
    return this.#ids[slot] === id ? this.#values[slot] : undefined;
  }

  set(id: number, value: T): void {
    for (;;) {
      const slot = id & this.#mask;
      const taken = this.#values[slot] !== undefined;
      if (!taken || this.#ids[slot] === id) {
        if (!taken) this.#size++;
        this.#ids[slot] = id;
        this.#values[slot] = value;
        return;
      }
      this.#resize((this.#mask + 1) * 2);
    }
  }

  delete(id: number): boolean {
    const slot = id & this.#mask;
    if (this.#ids[slot] !== id || this.#values[slot] === undefined) return false;
    this.#values[slot] = undefined;
    this.#size--;
    return true;
  }

  /** What is held now, in order of the numbers. */
  values(): T[] {
    return this.#entries().map(([, value]) => value);
  }

  clear(): void {
    this.#values.fill(undefined);
    this.#size = 0;
  }

  #entries(): [number, T][] {
    const found: [number, T][] = [];
    for (let slot = 0; slot <= this.#mask; slot++) {
      const value = this.#values[slot];
      if (value !== undefined) found.push([this.#ids[slot] as number, value]);
    }
    return found.sort(([a], [b]) => a - b);
  }

  #resize(capacity: number): void {
    const entries = this.#entries();
    this.#ids = new Array<number>(capacity).fill(-1);
    this.#values = new Array<T | undefined>(capacity).fill(undefined);
    this.#mask = capacity - 1;
    this.#size = 0;
    for (const [id, value] of entries) this.set(id, value);
  }
}
