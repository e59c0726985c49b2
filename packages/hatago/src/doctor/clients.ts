import { openConnections } from '../clients/connections.ts';
import { thisMachine } from '../clients/machine.ts';
import { CLIENTS } from '../clients/table.ts';
import type { Check } from './check.ts';

/** Which clients use the hub: those that were connected, and those that are there just now. */
export const checkClients: Check = async ({ hub }) => {
  const subject = 'clients';
  const connections = openConnections(thisMachine()).list();
  const names = [...new Set(connections.map(({ client }) => CLIENTS.find(({ id }) => id === client)?.name ?? client))];
  const sessions =
    hub === undefined ? [] : (await hub.get<{ sessions: readonly { client: string | null }[] }>('/sessions')).sessions;
  const present = [...new Set(sessions.map(({ client }) => client ?? 'one that does not say its name'))];
  const now = present.length === 0 ? [] : [`there just now: ${present.join(', ')}`];
  if (names.length > 0)
    return [{ subject, level: 'ok', message: [`connected: ${names.join(', ')}`, ...now].join('; ') }];
  if (now.length > 0) return [{ subject, level: 'ok', message: now.join('') }];
  return [{ subject, level: 'warning', message: 'no client was connected yet', fix: 'hatago connect <client>' }];
};
