import { listOf } from './offers.mjs';
import { createTasks } from './tasks.mjs';
import { TOOLS } from './tools.mjs';

const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const SERVER_INFO = { name: 'journal', version: '1.0.0', title: 'Journal' };

/** An MCP server without a transport: connections take message texts and answer by what they are given to answer with. */
export function createServer({ era, journal, offers }) {
  const connections = new Set();
  const tasks = createTasks({ era, journal });
  const server = { era, journal, offers, tasks, connections, extraTools: [], connect };

  /** `channel.send(text)` reaches the client outside of any request. */
  function connect(channel) {
    const connection = {
      channel,
      asks: new Map(),
      calls: new Map(),
      capabilities: {},
      subscribed: new Set(),
      listens: new Set(),
      level: 'info',
      lastAsk: 0,
    };
    connections.add(connection);
    return {
      receive: (text, reply) => receive(server, connection, text, reply),
      close() {
        connections.delete(connection);
        for (const call of connection.calls.values()) call.cancel('connection closed');
      },
    };
  }
  return server;
}

function receive(server, connection, text, reply) {
  const parsed = JSON.parse(text);
  for (const message of [parsed].flat()) {
    if (message.method === undefined) {
      connection.asks.get(message.id)?.(message);
      reply.accept();
    } else if (message.id === undefined) {
      notification(server, connection, message);
      reply.accept();
    } else request(server, connection, message, reply, text);
  }
}

function notification(server, connection, { method, params }) {
  if (method !== 'notifications/cancelled') return;
  server.journal.write({ cancelled: params.requestId });
  connection.calls.get(params.requestId)?.cancel(params.reason);
}

function request(server, connection, message, reply, raw) {
  const { id, method, params = {} } = message;
  const call = createCall(server, connection, message, reply, raw);
  if (
    server.era === 'modern' &&
    (params._meta?.[VERSION] !== '2026-07-28' || params._meta?.[CAPABILITIES] === undefined)
  ) {
    if (method === 'initialize') {
      return call.fail(
        {
          code: -32022,
          message: 'Unsupported protocol version',
          data: { supported: ['2026-07-28'], requested: String(params.protocolVersion) },
        },
        400,
      );
    }
    return call.fail({ code: -32602, message: `no ${VERSION} in _meta` }, 400);
  }
  const handler = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (handler === undefined || (handler.era ?? server.era) !== server.era) {
    return call.fail({ code: -32601, message: `no method ${method}` }, 404);
  }
  connection.calls.set(id, call);
  Promise.resolve(handler.run(call)).catch((error) =>
    call.fail({ code: error.code ?? -32603, message: error.message, data: error.data }),
  );
}

/** One request on its way, with everything a handler may do about it. */
function createCall(server, connection, message, reply, raw) {
  const { id, method, params = {} } = message;
  const meta = params._meta ?? {};
  const modern = server.era === 'modern';
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},`;
  let over = false;
  const cancels = [];
  const finish = () => {
    if (over) return false;
    over = true;
    if (connection.calls.get(id) === call) connection.calls.delete(id);
    return true;
  };
  const notify = (name, body) => reply.send(JSON.stringify({ jsonrpc: '2.0', method: name, params: body }));
  const call = {
    server,
    connection,
    reply,
    raw,
    id,
    method,
    params,
    meta,
    modern,
    args: params.arguments ?? {},
    clientCapabilities: modern ? (meta[CAPABILITIES] ?? {}) : connection.capabilities,
    get over() {
      return over;
    },
    journal: (entry) => server.journal.write(entry),
    onCancel: (on) => cancels.push(on),
    cancel(reason) {
      if (!finish()) return;
      for (const on of cancels) on(reason);
    },
    notify,
    progress(progress, total, text) {
      if (!over && meta.progressToken !== undefined)
        notify('notifications/progress', { progressToken: meta.progressToken, progress, total, message: text });
    },
    log(data, level = 'warning') {
      if (!over && (modern ? meta[LOG_LEVEL] !== undefined : true))
        notify('notifications/message', { level, logger: 'journal', data });
    },
    /** Ends the call with the JSON text of its result. */
    answerText(text) {
      if (finish()) reply.end(`${head}"result":${text}}`);
    },
    answer(result) {
      const whole = modern ? { resultType: 'complete', ...result } : result;
      call.answerText(JSON.stringify(whole));
    },
    answerNonce: (nonce) => call.answer({ content: [{ type: 'text', text: String(nonce) }] }),
    fail(error, status) {
      if (finish()) reply.end(`${head}"error":${JSON.stringify(error)}}`, status);
    },
    /** Legacy only: asks the client and waits for what it says. */
    ask(name, body) {
      const askId = `ask-${++connection.lastAsk}`;
      return new Promise((resolve, reject) => {
        const give = (fn) => {
          connection.asks.delete(askId);
          fn();
        };
        connection.asks.set(askId, (answer) =>
          give(() =>
            answer.error
              ? reject(Object.assign(new Error(answer.error.message), { refused: answer.error }))
              : resolve(answer.result),
          ),
        );
        cancels.push(() => give(() => reject(new Error('cancelled'))));
        reply.send(JSON.stringify({ jsonrpc: '2.0', id: askId, method: name, params: body }));
      });
    },
  };
  if (modern) {
    reply.onClose?.(() => {
      if (!over) server.journal.write({ cancelled: id });
      call.cancel('stream closed');
    });
  }
  return call;
}

const CACHE = { ttlMs: 0, cacheScope: 'private' };
const listed = (call, method, build) => {
  const text = call.server.offers[method];
  if (text !== undefined) return call.answerText(text);
  return call.answer({ ...build(), ...(call.modern ? CACHE : {}) });
};

const METHODS = {
  initialize: {
    era: 'legacy',
    run(call) {
      const { protocolVersion, capabilities } = call.params;
      call.connection.capabilities = capabilities;
      call.answer({
        protocolVersion: LEGACY_VERSIONS.includes(protocolVersion) ? protocolVersion : LEGACY_VERSIONS[0],
        capabilities: {
          tools: { listChanged: true },
          logging: {},
          resources: { subscribe: true },
          prompts: {},
          completions: {},
          tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
        },
        serverInfo: SERVER_INFO,
        instructions: 'Everything is written down.',
      });
    },
  },
  ping: { era: 'legacy', run: (call) => call.answer({}) },
  'server/discover': {
    era: 'modern',
    run: (call) =>
      call.answer({
        supportedVersions: ['2026-07-28'],
        capabilities: {
          tools: { listChanged: true },
          logging: {},
          resources: { subscribe: true },
          prompts: {},
          completions: {},
          extensions: { 'io.modelcontextprotocol/tasks': {}, 'com.example/shapes': { version: 1 } },
        },
        instructions: 'Everything is written down.',
        _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO },
        ...CACHE,
      }),
  },
  'logging/setLevel': {
    era: 'legacy',
    run(call) {
      call.connection.level = call.params.level;
      call.answer({});
    },
  },
  'tools/list': { run: (call) => listed(call, 'tools/list', () => ({ tools: listOf(call.server) })) },
  'prompts/list': {
    run: (call) => listed(call, 'prompts/list', () => ({ prompts: [{ name: 'greet', arguments: [{ name: 'who' }] }] })),
  },
  'prompts/get': {
    run: (call) =>
      listed(call, `prompts/get ${call.params.name}`, () => ({
        messages: [{ role: 'user', content: { type: 'text', text: `Hello ${call.params.arguments?.who}` } }],
      })),
  },
  'resources/list': {
    run: (call) => listed(call, 'resources/list', () => ({ resources: [{ uri: 'journal://page/1', name: 'page 1' }] })),
  },
  'resources/templates/list': {
    run: (call) =>
      listed(call, 'resources/templates/list', () => ({
        resourceTemplates: [{ uriTemplate: 'journal://page/{n}', name: 'page' }],
      })),
  },
  'resources/read': {
    run: (call) =>
      listed(call, `resources/read ${call.params.uri}`, () => ({
        contents: [{ uri: call.params.uri, text: call.params.uri }],
      })),
  },
  'completion/complete': {
    run: (call) =>
      call.answer({ completion: { values: [`${call.params.argument.value}!`], total: 1, hasMore: false } }),
  },
  'resources/subscribe': { era: 'legacy', run: (call) => call.answer({}) },
  'resources/unsubscribe': { era: 'legacy', run: (call) => call.answer({}) },
  'subscriptions/listen': { era: 'modern', run: listen },
  'tools/call': { run: callTool },
  'tasks/get': { run: (call) => call.server.tasks.get(call) },
  'tasks/update': { era: 'modern', run: (call) => call.server.tasks.update(call) },
  'tasks/cancel': { run: (call) => call.server.tasks.cancel(call) },
  'tasks/result': { era: 'legacy', run: (call) => call.server.tasks.result(call) },
  'tasks/list': { era: 'legacy', run: (call) => call.server.tasks.list(call) },
};

function listen(call) {
  const { id, params, connection } = call;
  const stamp = { 'io.modelcontextprotocol/subscriptionId': id };
  call.notify('notifications/subscriptions/acknowledged', { notifications: params.notifications, _meta: stamp });
  const entry = {
    filter: params.notifications,
    tell: (method, body) => call.notify(method, { ...body, _meta: stamp }),
  };
  connection.listens.add(entry);
  call.onCancel(() => connection.listens.delete(entry));
}

function callTool(call) {
  const { name } = call.params;
  const text = call.server.offers[`tools/call ${name}`];
  if (text !== undefined) {
    call.journal({ tool: name, params: call.params, raw: call.raw });
    return call.answerText(text);
  }
  const tool = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
  if (tool === undefined) throw Object.assign(new Error(`Unknown tool: ${name}`), { code: -32602 });
  return tool.run(call);
}
