import { HubError } from '../core/errors.ts';
import type { Supervised } from '../core/supervised.ts';
import type { BuiltGeneration } from './build.ts';
import type { Controller } from './control-plane.ts';
import { toServerViews } from './views.ts';

/** The servers of the active generation, shown and steered by hand. */
export function serverControls(
  current: () => BuiltGeneration,
): Pick<Controller, 'servers' | 'server' | 'start' | 'stop' | 'restart' | 'logs'> {
  const servers = (): ReturnType<Controller['servers']> => {
    const { config, members } = current();
    return toServerViews(config.mcpServers, members);
  };
  const supervised = (id: string): Supervised => {
    const upstream = current().upstreams.find((one) => one.id === id);
    if (upstream === undefined) {
      throw new HubError('HATAGO_NOT_FOUND', { message: `There is no server "${id}".` });
    }
    if (upstream.supervised !== undefined) return upstream.supervised;
    throw new HubError('HATAGO_USAGE', { message: `"${id}" is always there: it cannot be started or stopped.` });
  };
  return {
    servers,
    server: (id) => servers().find((view) => view.id === id),
    start: async (id) => supervised(id).start(),
    stop: async (id) => supervised(id).stop('it was stopped by hand'),
    restart: async (id) => supervised(id).restart('it was restarted by hand'),
    logs: (id) => supervised(id).logs(),
  };
}
