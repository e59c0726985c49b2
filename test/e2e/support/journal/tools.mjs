import { writeSync } from 'node:fs';

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function echo(call) {
  const { nonce, delayMs = 0, progress = 0, logs = 0 } = call.args;
  call.journal({ nonce });
  for (let i = 1; i <= progress; i++) call.progress(i, progress, nonce);
  for (let i = 1; i <= logs; i++) call.log({ nonce, i });
  if (delayMs > 0) await wait(delayMs);
  call.answerNonce(nonce);
}

/** The tools, in the order they are listed. */
export const TOOLS = {
  /** Answers its nonce after a delay; progress and log messages before carry the nonce as well. */
  echo: { run: echo },
  /** The same, said to be safe to call twice. */
  look: { run: echo, annotations: { readOnlyHint: true, idempotentHint: true } },
  /** Asks its client and answers `nonce:answer`. */
  ask: {
    async run(call) {
      const { nonce, kind = 'elicitation' } = call.args;
      const { method, params } = ASKS[kind](nonce);
      if (call.modern) return askAgain(call, nonce, kind, method, params);
      call.journal({ nonce });
      try {
        const answer = await call.ask(method, params);
        call.journal({ answered: nonce });
        call.answerNonce(`${nonce}:${READ[kind](answer)}`);
      } catch (error) {
        call.journal({ refused: nonce, error: error.refused });
        call.answer({ content: [{ type: 'text', text: `${nonce}:${error.message}` }], isError: true });
      }
    },
  },
  /** A task: works a moment, may ask on the way, may fail, waits to be cancelled when told to. */
  job: { taskSupport: 'required', run: (call) => call.server.tasks.start(call) },
  /** Never answers. */
  hang: { run: (call) => call.journal({ nonce: call.args.nonce }) },
  /** Kills its own process without a word. */
  die: {
    run(call) {
      call.journal({ nonce: call.args.nonce });
      process.kill(process.pid, 'SIGKILL');
    },
  },
  /** Forgets every session, this call's own as well. */
  forget: {
    run(call) {
      call.answerNonce(call.args.nonce);
      call.server.forget?.();
    },
  },
  pid: { run: (call) => call.answer({ content: [{ type: 'text', text: String(process.pid) }] }) },
  /** Lines that are not JSON in the middle of everything. */
  chatter: {
    run(call) {
      call.reply.raw?.('just saying\n\u001b[31m{"half": \n\0\n');
      call.answerNonce(call.args.nonce);
    },
  },
  /** Thousands of progress notifications before the answer. */
  flood: {
    run(call) {
      const count = call.args.count ?? 10_000;
      for (let i = 1; i <= count; i++) call.progress(i, count, call.args.nonce);
      call.answerNonce(call.args.nonce);
    },
  },
  /** Megabytes on stderr. */
  noise: {
    run(call) {
      const line = `${'x'.repeat(1000)}\u001b]0;title\u0007\n`;
      for (let i = 0; i < (call.args.lines ?? 20_000); i++) process.stderr.write(line);
      call.answerNonce(call.args.nonce);
    },
  },
  /** The same answer twice, the second with another text. */
  twice: {
    run(call) {
      const { id, args, reply } = call;
      const again = { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'the second answer' }] } };
      call.answerNonce(args.nonce);
      reply.late?.(JSON.stringify(again));
    },
  },
  /** An answer to a request nobody made, then the real one. */
  foreign: {
    run(call) {
      for (const id of [999_999_999, 'nobody', null]) {
        call.reply.send(
          JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'foreign' }] } }),
        );
      }
      call.answerNonce(call.args.nonce);
    },
  },
  /** An answer with both a result and an error. */
  both: {
    run(call) {
      const message = { jsonrpc: '2.0', id: call.id, result: { content: [] }, error: { code: -1, message: 'both' } };
      call.reply.end(JSON.stringify(message));
    },
  },
  /** An answer that is not JSON. */
  malformed: {
    run(call) {
      call.reply.end(`{"jsonrpc":"2.0","id":${JSON.stringify(call.id)},"result":{"content":[}`);
    },
  },
  /** An answer of so many bytes. */
  huge: {
    run(call) {
      call.answer({ content: [{ type: 'text', text: 'h'.repeat(call.args.bytes) }] });
    },
  },
  /** A notification of so many bytes before the answer. */
  bigline: {
    run(call) {
      call.log('b'.repeat(call.args.bytes));
      call.answerNonce(call.args.nonce);
    },
  },
  /** Bytes without an end of line, until nobody takes them any more. */
  endless: {
    async run(call) {
      const chunk = 'e'.repeat(1 << 20);
      for (;;) {
        call.reply.raw?.(chunk);
        await wait(1);
      }
    },
  },
  /** Half a line, then the end of the process. */
  cut: {
    run(call) {
      writeSync(1, `{"jsonrpc":"2.0","id":${JSON.stringify(call.id)},"resu`);
      process.exit(3);
    },
  },
  /** Another tool from now on, and everybody is told. */
  grow: {
    run(call) {
      const { server, args } = call;
      server.extraTools.push(args.name);
      for (const { channel, listens } of server.connections) {
        if (server.era === 'legacy') channel.send?.('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}');
        for (const { filter, tell } of listens)
          if (filter.toolsListChanged) tell('notifications/tools/list_changed', {});
      }
      call.answerNonce(args.nonce);
    },
  },
};

const ASKS = {
  elicitation: (nonce) => ({
    method: 'elicitation/create',
    params: {
      mode: 'form',
      message: nonce,
      requestedSchema: { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] },
    },
  }),
  sampling: (nonce) => ({
    method: 'sampling/createMessage',
    params: {
      messages: [{ role: 'user', content: { type: 'text', text: nonce } }],
      maxTokens: 7,
      includeContext: 'allServers',
    },
  }),
  roots: () => ({ method: 'roots/list', params: {} }),
};

const READ = {
  elicitation: (answer) => (answer.action === 'accept' ? answer.content.word : answer.action),
  sampling: (answer) => answer.content.text,
  roots: (answer) => answer.roots.map(({ uri }) => uri).join(','),
};

function askAgain(call, nonce, kind, method, params) {
  const { inputResponses, requestState } = call.params;
  if (inputResponses === undefined) {
    call.journal({ asked: nonce });
    return call.answer({
      resultType: 'input_required',
      inputRequests: { q: { method, params } },
      requestState: `state of ${nonce}`,
    });
  }
  if (requestState !== `state of ${nonce}`) {
    throw Object.assign(new Error('foreign requestState'), { code: -32602 });
  }
  call.journal({ nonce });
  call.journal({ answered: nonce });
  call.answerNonce(`${nonce}:${READ[kind](inputResponses.q)}`);
}
