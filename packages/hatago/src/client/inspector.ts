/** The first Node version that the MCP Inspector runs on. */
const NEEDS = { major: 22, minor: 19 } as const;

/** The command that opens an endpoint in the MCP Inspector. */
export function inspectorCommand(url: string): readonly [file: string, ...args: string[]] {
  return ['npx', '-y', '@modelcontextprotocol/inspector', '--transport', 'http', '--server-url', url];
}

/** Why the Inspector does not run on this Node; undefined where it does. */
export function whyNoInspector(nodeVersion: string): string | undefined {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (major > NEEDS.major || (major === NEEDS.major && minor >= NEEDS.minor)) return undefined;
  const needed = `${NEEDS.major}.${NEEDS.minor}`;
  return `the MCP Inspector needs Node ${needed} or newer, and this is ${nodeVersion}; \`hatago inspect\` without --ui shows the same lists`;
}
