import { Hono } from 'hono';
import type { Hub } from './hub.ts';

/** The hub as a Hono app, to be mounted with `app.route('/', createApp(hub))`. */
export function createApp(hub: Pick<Hub, 'fetch'>): Hono {
  const app = new Hono();
  for (const path of ['/mcp', '/mcp/*', '/livez', '/readyz', '/startupz', '/healthz', '/health', '/sse', '/messages']) {
    app.all(path, (context) => hub.fetch(context.req.raw));
  }
  return app;
}
