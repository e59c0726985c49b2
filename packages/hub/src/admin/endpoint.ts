import type * as z from 'zod/mini';
import type { ConfigEditor } from './config-editor.ts';
import type { AdminDeps } from './deps.ts';

/** What an endpoint works with. */
export interface AdminContext extends AdminDeps {
  readonly editor: ConfigEditor;
}

/** What an endpoint is given: everything checked by its schemas already. */
export interface EndpointInput<Query, Body> {
  /** The segments of the path that stand for something, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** The `If-Match` header, as it came. */
  readonly ifMatch: string | undefined;
}

/** What an endpoint answers. */
export interface EndpointAnswer<Response> {
  readonly body: Response;
  /** Version of what the answer shows, to be sent back as `If-Match` with a change of it. */
  readonly etag?: string;
}

/** One row of the table of endpoints: what is asked for, how it is checked and described, and what answers it. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Behind `/api/v1`; `{name}` stands for one segment. */
  readonly path: string;
  /** Unique; the name clients generated from the document call it by. */
  readonly operationId: string;
  readonly summary: string;
  /** Members of the query. @default none */
  readonly query?: z.ZodMiniType;
  /** @default the request has no body */
  readonly body?: z.ZodMiniType;
  readonly response: z.ZodMiniType;
  /** Status of an answer that is no refusal. @default 200 */
  readonly status?: number;
  /** It changes the configuration only against the version that `If-Match` names, where it is given. @default false */
  readonly conditional?: boolean;
  /** Media type of the answer. @default 'application/json' */
  readonly type?: string;
  run(context: AdminContext, input: EndpointInput<never, never>): Promise<EndpointAnswer<unknown>>;
}

/** An {@link Endpoint} while it is written down, with the types its schemas give it. */
export interface EndpointDefinition<Query, Body, Response> {
  readonly method: Endpoint['method'];
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly query?: z.ZodMiniType<Query>;
  readonly body?: z.ZodMiniType<Body>;
  readonly response: z.ZodMiniType<Response>;
  readonly status?: number;
  readonly conditional?: boolean;
  run(
    context: AdminContext,
    input: EndpointInput<Query, Body>,
  ): EndpointAnswer<Response> | Promise<EndpointAnswer<Response>>;
}

/** Writes down an endpoint; its schemas give the types of what it is handed and of what it answers. */
export function defineEndpoint<Response, Query = undefined, Body = undefined>(
  definition: EndpointDefinition<Query, Body, Response>,
): Endpoint {
  const { run, ...rest } = definition;
  return { ...rest, run: async (context, input) => run(context, input) };
}
