import { createUpstream } from '/work/main/packages/hub/src/upstream/server.ts';
import { buildCall, seen } from '/work/main/packages/hub/src/upstream/scripted.ts';
const deps = { now: () => performance.now(), wallNow: () => Date.now(), hubInfo: { name: 'hatago', version: '0' }, log: (e: any) => e.event !== 'upstream.stderr' && console.error(JSON.stringify(e)) };
const specs: any = {
  stdio: { id: 'ev', kind: 'stdio', command: 'node', args: ['/work/main/node_modules/@modelcontextprotocol/server-everything/dist/index.js', 'stdio'] },
  http: { id: 'evh', kind: 'http', url: 'http://127.0.0.1:3901/mcp' },
  sse: { id: 'evs', kind: 'http', url: 'http://127.0.0.1:3902/sse' },
};
const which = process.argv[2]!;
const up = createUpstream(specs[which], deps as any);
await up.settled;
console.log(JSON.stringify(up.status).slice(0, 400));
const l = seen(await up.request(buildCall({ method: 'tools/list', params: {} }))) as any;
console.log(l.kind, l.result?.tools?.map((t: any) => t.name).join(' '));
console.log(JSON.stringify(seen(await up.request(buildCall({ params: { name: 'echo', arguments: { message: 'hi' } } })))));
const c = buildCall({ params: { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 }, _meta: { progressToken: 'p' } }, progressToken: 'p' });
console.log(JSON.stringify(seen(await up.request(c))), c.emitted.length, JSON.stringify(c.emitted.map((e) => e.params.value())));
const ALL = { roots: {}, sampling: {}, elicitation: { form: {}, url: {} } };
const e = (await up.request(buildCall({ params: { name: 'trigger-elicitation-request', arguments: {} }, capabilities: ALL })));
console.log(JSON.stringify(seen(e)).slice(0, 300));
if (e.kind === 'input_required') {
  const r = e.result.value() as any; const key = Object.keys(r.inputRequests)[0]!;
  console.log(JSON.stringify(seen(await up.request(buildCall({ params: { name: 'trigger-elicitation-request', arguments: {}, inputResponses: { [key]: { action: 'accept', content: { name: 'Ann' } } } }, capabilities: ALL, resume: { state: r.requestState } })))).slice(0, 300));
}
const s = (await up.request(buildCall({ params: { name: 'trigger-sampling-request', arguments: { prompt: 'x' } }, capabilities: ALL })));
console.log(JSON.stringify(seen(s)).slice(0, 300));
console.log(JSON.stringify(seen(await up.request(buildCall({ params: { name: 'get-roots-list', arguments: {} }, capabilities: ALL })))).slice(0, 300));
const n = 5000; let t = process.cpuUsage(); const t0 = performance.now();
for (let i = 0; i < n; i++) await up.request(buildCall({ params: '{"name":"echo","arguments":{"message":"hi"}}' }));
t = process.cpuUsage(t); console.log(which, 'cpu us/call', (t.user + t.system) / n, 'wall', (performance.now() - t0) / n * 1000);
await up.close('done');
setTimeout(() => { console.log('still alive'); process.exit(1); }, 3000).unref();
