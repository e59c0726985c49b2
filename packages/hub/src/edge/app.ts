import { Hono } from 'hono';

/** The hub as a Hono app, to be mounted with `app.route('/', createApp(hub))`. */
export function createApp(hub: { fetch(request: Request): Promise<Response> }): Hono {
  const app = new Hono();
  for (const path of ['/mcp', '/mcp/*', '/livez', '/readyz', '/startupz', '/healthz', '/health', '/sse', '/messages']) {
    app.all(path, (context) => hub.fetch(context.req.raw));
  }
  return app;
}
