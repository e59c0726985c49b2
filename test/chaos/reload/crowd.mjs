/** How long a call may take, in milliseconds. */
const DEADLINE_MS = 10_000;
/** Calls are sent in bursts this far apart, in milliseconds. */
const TICK_MS = 10;

/**
 * Clients of both eras that call the servers in turn at a steady rate, whatever comes back; legacy ones list again when
 * they are told that the lists have changed, as clients do.
 * @param {{ connectModernHttp: Function, connectLegacyHttp: Function }} wire
 * @param {string} url
 * @param {{ rate: number, clients: number, servers: readonly string[] }} options
 */
export async function createCrowd(wire, url, { rate, clients, servers }) {
  /** One line per call: what was called, when, and how it ended. */
  const calls = [];
  const told = { changes: 0, lists: 0 };
  const crowd = [];
  for (let index = 0; index < clients; index++) {
    if (index % 2 === 0) crowd.push({ client: wire.connectModernHttp(url) });
    else crowd.push(await openLegacy(wire, url, told));
  }
  let timer;
  let sent = 0;
  let startedAt = 0;
  const flying = new Set();

  const one = async () => {
    const number = sent++;
    const server = servers[number % servers.length];
    const index = Math.floor(number / servers.length) % crowd.length;
    const { client } = crowd[index];
    const call = {
      nonce: `${number}`,
      server,
      client: index,
      era: client.era,
      sentAt: Date.now(),
      outcomes: 0,
      ok: false,
    };
    calls.push(call);
    const late = setTimeout(() => {
      call.late = true;
    }, DEADLINE_MS);
    try {
      const answer = await client.request('tools/call', { name: `${server}_echo`, arguments: { nonce: call.nonce } });
      call.outcomes++;
      const { result, error } = answer.message;
      if (error !== undefined) call.error = { code: error.code, kind: error.data?.kind, message: error.message };
      else if (result.content?.[0]?.text === call.nonce) call.ok = true;
      else call.foreign = answer.text.slice(0, 200);
    } catch (error) {
      call.outcomes++;
      call.error = { code: 0, kind: 'transport', message: String(error) };
    }
    call.endedAt = Date.now();
    clearTimeout(late);
  };
  return {
    calls,
    told,
    start() {
      startedAt = performance.now();
      timer = setInterval(() => {
        const due = Math.floor(((performance.now() - startedAt) / 1000) * rate);
        while (sent < due) {
          const flight = one();
          flying.add(flight);
          flight.finally(() => flying.delete(flight));
        }
      }, TICK_MS);
    },
    /** Sends no more, and waits for what is under way. */
    async stop() {
      clearInterval(timer);
      const seconds = (performance.now() - startedAt) / 1000;
      await Promise.all(flying);
      return { seconds, perSecond: calls.length / seconds };
    },
    close: () => Promise.all(crowd.map(({ client }) => client.close())),
  };
}

async function openLegacy(wire, url, told) {
  const one = { client: undefined };
  let listing = false;
  let again = false;
  const list = async () => {
    again = listing;
    if (listing) return;
    listing = true;
    do {
      again = false;
      await one.client.request('tools/list').catch(() => {});
      told.lists++;
    } while (again);
    listing = false;
  };
  const notice = ({ method }) => {
    if (method !== 'notifications/tools/list_changed') return;
    told.changes++;
    void list();
  };
  one.client = await wire.connectLegacyHttp(url, { notice, stream: true });
  await one.client.request('tools/list');
  return one;
}
