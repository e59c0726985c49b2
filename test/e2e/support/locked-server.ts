import { createServer, request } from 'node:http';
import type { Scope } from './scope.ts';

/** Puts a lock before a server that is reached over HTTP: only who sends the token as a bearer token gets through. */
export async function lockedServer(scope: Scope, url: string, token: string): Promise<string> {
  const target = new URL(url);
  const gate = createServer((incoming, outgoing) => {
    if (incoming.headers.authorization !== `Bearer ${token}`) {
      const challenge = 'Bearer resource_metadata="https://auth.example/meta", scope="mcp:read"';
      outgoing.writeHead(401, { 'www-authenticate': challenge }).end('{"error":"unauthorized"}');
      return;
    }
    const { host: _, ...headers } = incoming.headers;
    const passed = request(
      { host: target.hostname, port: target.port, path: incoming.url, method: incoming.method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
  scope.defer(() => {
    gate.closeAllConnections();
    gate.close();
  });
  const address = gate.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}${target.pathname}`;
}
