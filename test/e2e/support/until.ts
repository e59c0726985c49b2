/** Looks again and again until the check holds or the time is over; an error of the last look is told. */
export async function until<T>(what: string, check: () => T | Promise<T>, limitMs = 10_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== null && value !== false) return value as NonNullable<T>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${limitMs} ms${last === undefined ? '' : ` (${String(last)})`}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
