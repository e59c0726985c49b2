import { err, ok } from '@hatago/protocol';
import type { Controller } from '../control/control-plane.ts';
import { HubError } from '../core/errors.ts';
import type { EdgeDeps } from '../edge/deps.ts';
import { createStreamKeeper } from '../edge/event-stream.ts';
import type { HttpPage } from '../edge/http.ts';
import type { LegacySession } from '../edge/legacy-session.ts';
import { JSON_HEADERS } from '../edge/reply.ts';
import type { AdminApi } from './api.ts';
import { toApiError } from './api-error.ts';
import { createBearerCheck, newToken } from './bearer.ts';
import type { AdminDeps } from './deps.ts';
import { adminPage, MAX_BODY_BYTES } from './page.ts';
import { type LocalSocket, serveSocket } from './socket.ts';

/** What the program around a hub lends to its admin API. */
export interface ControlOptions {
  /** State directory of the hub, where the socket is made. */
  readonly home: string;
  /** The file the configuration is read from. @default there is none, so nothing can be changed */
  readonly configFile?: string;
  /** @default there are none */
  secrets?: AdminDeps['secrets'];
  /** @default nothing is known */
  approval?: AdminDeps['approval'];
  /** @default nothing can be approved */
  approve?: AdminDeps['approve'];
  /** Ends the program in an orderly way. */
  shutdown(reason: string): void;
}

/** Where a hub is controlled. */
export interface Control {
  /** Path of the socket, or name of the pipe; undefined where none could be bound. */
  readonly socket: string | undefined;
  /** What the API wants over HTTP, as a bearer token. */
  readonly token: string;
}

/** Options of {@link createAdminSide}. */
export interface AdminSideOptions extends Pick<AdminDeps, 'version' | 'url' | 'isReady' | 'isDraining'> {
  readonly edge: EdgeDeps;
  /** The sessions of clients that hold them by a pipe; those of HTTP are in the edge's table. */
  readonly pipes: ReadonlySet<LegacySession>;
  controller(): Controller;
}

/** The admin side of a hub, of which next to nothing is loaded before it is used. */
export interface AdminSide {
  /** Answers the API over HTTP, once it was opened. */
  readonly page: HttpPage;
  /** Opens the local socket, and the API over HTTP to who has the token. */
  open(options: ControlOptions): Promise<Control>;
  close(): Promise<void>;
}

/** Makes the admin side of a hub. */
export function createAdminSide(options: AdminSideOptions): AdminSide {
  const { edge } = options;
  const startedAt = Date.now();
  const token = newToken();
  let lent: ControlOptions | undefined;
  const keeper = createStreamKeeper(edge);
  let socket: LocalSocket | undefined;
  let api: Promise<AdminApi> | undefined;

  const load = (): Promise<AdminApi> => {
    api ??= import('./admin.ts').then(({ createAdmin }) =>
      createAdmin({
        edge,
        keeper,
        pipes: options.pipes,
        controller: options.controller(),
        version: options.version,
        pid: process.pid,
        startedAt,
        now: Date.now,
        url: options.url,
        isReady: options.isReady,
        isDraining: options.isDraining,
        configFile: lent?.configFile,
        secrets: async () => (await lent?.secrets?.()) ?? ok([]),
        approval: async (server) => lent?.approval?.(server),
        approve: async (server, hash) => (await lent?.approve?.(server, hash)) ?? err('nothing can be approved here'),
        stop: (reason) => lent?.shutdown(reason),
      }),
    );
    return api;
  };
  const page = adminPage({
    isAllowed(authorization) {
      const { token: configured } = options.controller().config.admin;
      return createBearerCheck(configured === undefined ? [token] : [token, configured])(authorization);
    },
    api: load,
  });

  return {
    page(request, reply, principal) {
      if (lent !== undefined && options.controller().config.admin.http) return page(request, reply, principal);
      const { status, body } = toApiError(new HubError('HATAGO_NO_ROUTE'), edge.log);
      reply.send(status, JSON_HEADERS, [JSON.stringify(body)]);
    },
    async open(control) {
      lent = control;
      try {
        socket = await serveSocket({
          home: control.home,
          keeper,
          handle: (request, reply) =>
            request.readBody(
              MAX_BODY_BYTES,
              (body) => void load().then((loaded) => loaded.handle(request, reply, body)),
            ),
        });
        return { socket: socket.path, token };
      } catch (error) {
        const message = `the hub cannot be controlled: ${error instanceof Error ? error.message : String(error)}`;
        edge.log({ level: 'warn', event: 'admin.no_socket', message });
        return { socket: undefined, token };
      }
    },
    async close() {
      keeper.close();
      await socket?.close();
    },
  };
}
