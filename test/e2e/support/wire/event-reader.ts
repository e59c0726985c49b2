/** Reads server-sent events from chunks of text; only the name, the id and the data matter here. */
export function createEventReader(
  on: (event: { name: string; id: string | undefined; data: string }) => void,
): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    rest += chunk;
    for (;;) {
      const end = rest.indexOf('\n\n');
      if (end === -1) return;
      const lines = rest.slice(0, end).split('\n');
      rest = rest.slice(end + 2);
      const values = (field: string): string[] =>
        lines
          .filter((line) => line.startsWith(`${field}:`))
          .map((line) => line.slice(field.length + 1).replace(/^ /, ''));
      const data = values('data').join('\n');
      if (data !== '') on({ name: values('event')[0] ?? 'message', id: values('id')[0], data });
    }
  };
}
