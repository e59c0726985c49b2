import { CODES, type HubCode } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';

const INTRO = `# Errors

Every failure has one row here, and one in the table the hub answers from; a test holds the two equal. On the wire
\`error.data\` is \`{ kind, server?, retryAfterMs?, correlationId }\` and never holds text of a server, a path or an address; the log
has the precise reason under the same correlation id. Codes below −31000 are the hub's own; the others are those of JSON-RPC and MCP.
An error a server answers with is passed on as it is.
`;

/** The page, one section per way a person meets the failure. */
function errorsPage(): string {
  const rows = Object.entries(CODES) as [HubCode, (typeof CODES)[HubCode]][];
  const table = (head: string, cells: (code: HubCode) => string[], chosen: typeof rows): string =>
    [head, head.replace(/[^|]+/g, '---'), ...chosen.map(([code]) => `| ${cells(code).join(' | ')} |`)].join('\n');
  const text = (code: HubCode): string =>
    `${CODES[code].message.replace(/^\{server\}/, 'The server').replace('{server}', 'the server')} ${CODES[code].next}`;
  const wire = rows.filter(([, row]) => row.rpc !== undefined);
  const local = rows.filter(([, row]) => row.rpc === undefined);
  return `${INTRO}
## On the wire

${table('| Code | JSON-RPC | HTTP | kind | What happened, and what to do |', (code) => [`\`${code}\``, String(CODES[code].rpc), String(CODES[code].http ?? 200), `\`${CODES[code].kind}\``, text(code)], wire)}

## On the command line

${table('| Code | Exit code | What happened, and what to do |', (code) => [`\`${code}\``, String(CODES[code].exit ?? 1), text(code)], local)}
`;
}

describe('the table of errors', () => {
  it('stands in docs/errors.md, row by row', async () => {
    await expect(errorsPage()).toMatchFileSnapshot('../docs/errors.md');
  });

  it.each(Object.entries(CODES))('%s says what happened and what to do next', (_, row) => {
    expect(row.message).toMatch(/^\S.*\.$/);
    expect(row.next).toMatch(/^\S.*\.$/);
    expect(row.rpc === undefined || row.rpc <= -31001).toBe(true);
  });
});
