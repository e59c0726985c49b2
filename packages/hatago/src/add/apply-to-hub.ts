import type { ApplyResult, ServerView } from '@hatago/hub/control/control-plane.ts';
import type { Readiness } from '@hatago/hub/core/readiness.ts';
import { type ControlClient, connectControl } from '../control/client.ts';
import { withProgress } from '../progress.ts';
import type { HubHome } from '../run-file.ts';

/** What became of a change of the configuration in the hub that runs for it. */
export interface Applied {
  readonly outcome: ApplyResult['outcome'];
  readonly generation: number;
  readonly errors: readonly string[];
  /** The readiness of the server that was changed; undefined where it is not part of the hub. */
  readonly readiness: Readiness | undefined;
}

const POLL_MS = 50;

/**
 * Has the running hub read its configuration again, and waits until the server has settled there; undefined when no hub
 * runs.
 */
export async function applyToHub(file: HubHome, server: string, settleMs = 10_000): Promise<Applied | undefined> {
  const control = connectControl(file);
  if (control === undefined) return undefined;
  return withProgress('the running hub takes it over', async () => {
    const { outcome, generation, errors } = await control.post<ApplyResult>('/reload');
    let readiness = await readinessIn(control, server);
    for (const until = performance.now() + settleMs; readiness?.state === 'starting' && performance.now() < until; ) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      readiness = await readinessIn(control, server);
    }
    return { outcome, generation, errors, readiness };
  });
}

async function readinessIn(control: ControlClient, server: string): Promise<Readiness | undefined> {
  const { servers } = await control.get<{ servers: readonly ServerView[] }>('/servers');
  return servers.find(({ id }) => id === server)?.readiness;
}
