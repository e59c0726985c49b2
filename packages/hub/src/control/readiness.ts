import type { HubCode } from '@hatago/protocol';
import type { Readiness, ReadinessState } from '../core/readiness.ts';
import type { Supervision } from '../core/supervised.ts';
import type { UpstreamStatus } from '../core/upstream.ts';
import type { ServerConfig } from './config.ts';

/** What the readiness of a server is made out from. */
export interface ReadinessInput {
  readonly id: string;
  /** Undefined for a server that was registered by the program the hub is embedded in. */
  readonly server: Pick<ServerConfig, 'disabled' | 'start' | 'blocked'> | undefined;
  /** Undefined for a server that is not part of the running generation. */
  readonly status: UpstreamStatus | undefined;
  readonly supervision: Supervision | undefined;
  /** Why one of its lists could not be read. */
  readonly listError: string | undefined;
}

/** Which state of readiness a row of the error table stands for; every other row is `failing`. */
const STATE_OF: Partial<Readonly<Record<HubCode, ReadinessState>>> = {
  HATAGO_SECRET_MISSING: 'needs a secret',
  HATAGO_NEEDS_APPROVAL: 'needs approval',
  HATAGO_UPSTREAM_AUTH_REQUIRED: 'needs sign-in',
  HATAGO_RUNTIME_MISSING: 'needs a runtime',
  HATAGO_QUARANTINED: 'quarantined',
};

const FINE = { code: undefined, message: undefined, fix: undefined } as const;

/** Whether a server can be used, and if not, why and what mends it. */
export function toReadiness(input: ReadinessInput): Readiness {
  const { id, server, status, supervision, listError } = input;
  if (server?.disabled === true) {
    const fix = `hatago config set mcpServers.${id}.disabled false`;
    return { state: 'disabled', code: undefined, message: 'It is disabled in the configuration.', fix };
  }
  if (server?.blocked !== undefined) return troubled(id, server.blocked.code, server.blocked);
  if (status === undefined) return { state: 'starting', ...FINE };
  switch (status.state) {
    case 'ready':
      return listError === undefined ? { state: 'ready', ...FINE } : unreadable(id, listError);
    case 'starting':
      return { state: 'starting', ...FINE };
    case 'stopped':
      return stopped(input, status);
    default:
      return failing(id, status, supervision);
  }
}

/** A server that answers, but offers less than it has because a list of it cannot be read. */
function unreadable(id: string, error: string): Readiness {
  return {
    state: 'ready',
    code: 'HATAGO_UPSTREAM_PROTOCOL',
    message: `It is connected, but a list of it cannot be read: ${error}.`,
    fix: `hatago inspect ${id}`,
  };
}

function stopped({ id, supervision }: ReadinessInput, status: UpstreamStatus): Readiness {
  if (status.code !== undefined || supervision?.state === 'CRASHED') return failing(id, status, supervision);
  if (status.held !== true) return { state: 'lazy', ...FINE };
  const reason = supervision?.reason;
  const message = `It is stopped${reason === undefined ? '' : `: ${reason}`}.`;
  return { state: 'disabled', code: undefined, message, fix: `hatago start ${id}` };
}

function failing(id: string, status: UpstreamStatus, supervision: Supervision | undefined): Readiness {
  const { code = 'HATAGO_UPSTREAM_UNAVAILABLE', error, fix } = status;
  const reason = error ?? supervision?.reason ?? 'it cannot be reached';
  const given = supervision?.state === 'CRASHED' && supervision.retryAt === undefined;
  const message = given ? `${reason}; it is not started again by itself` : reason;
  return troubled(id, code, {
    message,
    fix: fix ?? (given && !(code in STATE_OF) ? `hatago restart ${id}` : undefined),
  });
}

function troubled(id: string, code: HubCode, why: { readonly message: string; readonly fix?: string }): Readiness {
  const state = STATE_OF[code] ?? 'failing';
  if (state === 'needs sign-in') return signIn(id, code);
  return { state, code, message: sentence(why.message), fix: why.fix ?? fixOf(state, id) };
}

function signIn(id: string, code: HubCode): Readiness {
  const token = `${id.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_TOKEN`;
  const message =
    'It wants its callers to sign in. The hub cannot sign in through a browser yet; ' +
    'give it a bearer token that is kept as a secret.';
  const fix = `hatago secret set ${token} && hatago update ${id} --auth bearer --secret ${token}`;
  return { state: 'needs sign-in', code, message, fix };
}

function fixOf(state: ReadinessState, id: string): string {
  switch (state) {
    case 'needs a secret':
      return 'hatago secret list';
    case 'needs approval':
    case 'quarantined':
      return `hatago trust ${id}`;
    case 'needs a runtime':
      return 'hatago doctor';
    default:
      return `hatago logs ${id}`;
  }
}

/** A reason as a sentence of its own. */
function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
