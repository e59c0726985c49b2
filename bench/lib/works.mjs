// The units of work the load generator repeats, each of which checks the answer it gets.

const sameLength = (text, known) => Math.abs(text.length - known) <= 12; // ids differ in digits

/** The hub's name for a backend tool: hubs prefix or suffix it in ways of their own. */
export function findTool(tools, base) {
  const names = tools.map((tool) => tool.name);
  const word = new RegExp(`(^|[^a-zA-Z])${base}([^a-zA-Z]|$)`);
  const found =
    names.find((name) => name === base) ??
    names.find((name) => name.endsWith(base)) ??
    names.find((name) => word.test(name));
  if (found === undefined) throw new Error(`no tool like "${base}" among: ${names.slice(0, 20).join(', ')}`);
  return found;
}

/**
 * Makes the works by name: `(session) => Promise<void>`, rejected when the answer is wrong.
 * @param {object} options
 * @param {number} options.size characters of an echo, bytes of a blob
 * @param {number} options.expectTools fewest tools a complete list holds
 * @param {() => import('./session.mjs').Session} options.newSession
 * @param {{ tool: string, paginated: boolean }} options.found what the hub was seen to offer
 */
export function createWorks({ size, expectTools, newSession, found }) {
  let seq = 0;
  let knownLength = 0; // of a large answer that was checked in full
  const filler = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(Math.ceil(size / 36));
  const complete = (tools) => {
    if (!(tools?.length >= expectTools)) throw new Error(`incomplete list: ${tools?.length} tools`);
  };
  return {
    async echo(session) {
      const text = `m${seq++}-${filler}`.slice(0, Math.max(size, 12));
      const answer = await session.callTool(found.tool, `{"text":"${text}"}`);
      if (answer.result?.content?.[0]?.text === text) return;
      throw new Error(`wrong content: ${JSON.stringify(answer).slice(0, 160)}`);
    },
    // Large answers: every id is checked; one in 16 is parsed and checked in full, the others by length.
    async blob(session) {
      const answer = await session.callTool(found.tool, `{"bytes":${size}}`, true);
      if (++seq % 16 !== 1 && sameLength(answer, knownLength)) return;
      const text = JSON.parse(answer).result?.content?.[0]?.text;
      if (text?.length !== size || !/^x+$/.test(text)) throw new Error(`wrong content: ${answer.slice(0, 160)}`);
      knownLength = answer.length;
    },
    async list(session) {
      if (found.paginated) return complete(await session.listTools());
      const answer = await session.listToolsText();
      if (++seq % 16 !== 1 && sameLength(answer, knownLength)) return;
      complete(JSON.parse(answer).result?.tools);
      knownLength = answer.length;
    },
    async churn() {
      const session = newSession();
      try {
        await session.open();
        complete(await session.listTools());
        await session.close();
      } finally {
        session.drop();
      }
    },
  };
}
