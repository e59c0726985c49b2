import type { Config } from '../control/config.ts';
import type { EdgeDeps } from '../edge/deps.ts';
import { createFetch, type FetchHandler } from '../edge/fetch.ts';
import { createHttpEdge, type HttpEdge, type HttpPage } from '../edge/http.ts';
import { type NodeListener, serveNode } from '../edge/node.ts';
import { type StdioEdge, type StdioOptions, serveStdio } from '../edge/stdio.ts';

/** Every way into one hub, each made when it is first used. */
export interface Edges {
  listen(host: string, port: number): Promise<NodeListener>;
  fetch: FetchHandler;
  serveStdio(options: StdioOptions): StdioEdge;
  /** Refuses new requests from now on. */
  drain(): void;
  close(reason: string): Promise<void>;
}

interface Part {
  drain(): void;
  close(reason: string): void;
}

/** Makes the edges a configuration asks for; `pages` are served beside its routes, `api` answers all below `/api/`. */
export function createEdges(
  deps: EdgeDeps,
  config: Config,
  pages: ReadonlyMap<string, HttpPage>,
  api?: HttpPage,
): Edges {
  const parts = new Set<Part>();
  const listeners: NodeListener[] = [];
  let http: Promise<HttpEdge> | undefined;

  const openHttp = async (): Promise<HttpEdge> => {
    const all = new Map(pages);
    let edge: HttpEdge | undefined;
    if (config.http.legacySse) {
      const { createLegacySse } = await import('../edge/legacy-sse.ts');
      const sse = createLegacySse(deps, () => (edge as HttpEdge).keeper);
      for (const [path, page] of sse.pages) all.set(path, page);
      parts.add(sse);
    }
    edge = createHttpEdge(deps, { pages: all, ...(api === undefined ? {} : { api }) });
    parts.add(edge);
    return edge;
  };
  const httpEdge = (): Promise<HttpEdge> => {
    http ??= openHttp();
    return http;
  };

  return {
    async listen(host, port) {
      const edge = await httpEdge();
      let upgrade: Parameters<typeof serveNode>[2];
      if (config.http.webSocket) {
        const ws = await (await import('../edge/ws.ts')).createWsEdge(deps, edge);
        parts.add(ws);
        upgrade = ws.upgrade;
      }
      const listener = await serveNode(edge, { host, port, maxConnections: config.limits.maxConnections }, upgrade);
      listeners.push(listener);
      return listener;
    },
    fetch: async (request, remote) => createFetch(await httpEdge())(request, remote),
    serveStdio(options) {
      const pipe = serveStdio(deps, options);
      parts.add(pipe);
      pipe.done.then(() => parts.delete(pipe));
      return pipe;
    },
    drain() {
      for (const part of parts) part.drain();
    },
    async close(reason) {
      for (const part of parts) part.close(reason);
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}
