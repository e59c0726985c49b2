/** The way from a server over one it depends on back to itself; undefined when there is none. */
export function circleThrough(
  server: string,
  first: string,
  dependsOn: (id: string) => readonly string[],
): readonly string[] | undefined {
  const seen = new Set<string>();
  const walk = (id: string, path: readonly string[]): readonly string[] | undefined => {
    const here = [...path, id];
    if (id === server) return here;
    if (seen.has(id)) return undefined;
    seen.add(id);
    for (const next of dependsOn(id)) {
      const found = walk(next, here);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(first, [server]);
}
