/** The members of one object inside a scanned text; all offsets point into the text it was scanned from. */
export interface Members {
  /** Offset of the opening brace. */
  readonly start: number;
  /** Offset past the closing brace. */
  readonly end: number;
  readonly names: readonly string[];
  /** Three offsets per member: of the name's opening quote, of the value, and past the value. */
  readonly at: readonly number[];
  /** Members of those values that are objects the scan records too; it may end before the last member. */
  readonly children: readonly (Members | undefined)[];
}

/** Index of the member with the name, or -1. */
export function indexOfMember(members: Members, name: string): number {
  return members.names.indexOf(name);
}

/** Offset at which the value of the member at the index begins. */
export function valueStart(members: Members, index: number): number {
  return members.at[index * 3 + 1] as number;
}

/** Offset past the value of the member at the index. */
export function valueEnd(members: Members, index: number): number {
  return members.at[index * 3 + 2] as number;
}

/** The members once so many bytes were put into the text at an offset. */
export function moveMembers(members: Members, from: number, by: number): Members {
  const moved = (offset: number): number => (offset > from ? offset + by : offset);
  return {
    start: moved(members.start),
    end: moved(members.end),
    names: members.names,
    at: members.at.map(moved),
    children: members.children.map((child) => child && moveMembers(child, from, by)),
  };
}

/** The recorded members of the object that is the value of the named member. */
export function childOf(members: Members | undefined, name: string): Members | undefined {
  if (members === undefined) return undefined;
  const index = members.names.indexOf(name);
  return index === -1 ? undefined : members.children[index];
}
