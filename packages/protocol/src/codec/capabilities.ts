import { atLeast } from '../eras.ts';
import { isRecord } from '../jsonrpc.ts';

/** The name of the extension that tasks are on the modern wire. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

type Capabilities = Record<string, unknown>;

/**
 * A legacy client's capabilities in their modern shape: `elicitation` says which modes, the bare one meaning forms, and
 * the tasks that a client of that era runs itself have no counterpart.
 */
export function modernCapabilities(legacy: Readonly<Capabilities>): Capabilities {
  const { tasks: _, ...rest } = legacy;
  return isRecord(rest.elicitation) ? { ...rest, elicitation: withModes(rest.elicitation) } : rest;
}

/**
 * What to declare to a legacy server of the version for capabilities in their modern shape: the modes of `elicitation`
 * only where they exist, and none at all where there is but the form the client cannot show.
 */
export function legacyCapabilities(modern: Readonly<Capabilities>, version = '2025-11-25'): Capabilities {
  const { elicitation, extensions, ...rest } = modern;
  const capabilities: Capabilities = { ...rest };
  if (isRecord(extensions)) {
    const { [TASKS_EXTENSION]: _, ...others } = extensions;
    if (Object.keys(others).length > 0) capabilities.extensions = others;
  }
  if (!isRecord(elicitation)) return capabilities;
  const modes = withModes(elicitation);
  if (atLeast(version, '2025-11-25')) capabilities.elicitation = modes;
  else if (modes.form !== undefined && atLeast(version, '2025-06-18')) capabilities.elicitation = {};
  return capabilities;
}

function withModes(elicitation: Readonly<Capabilities>): Capabilities {
  return elicitation.form === undefined && elicitation.url === undefined
    ? { ...elicitation, form: {} }
    : { ...elicitation };
}

/** A legacy server's capabilities in their modern shape: `tasks` is an extension there. */
export function modernServerCapabilities(legacy: Readonly<Capabilities>): Capabilities {
  const { tasks, ...rest } = legacy;
  if (!isRecord(tasks)) return rest;
  const extensions = isRecord(rest.extensions) ? rest.extensions : {};
  return { ...rest, extensions: { ...extensions, [TASKS_EXTENSION]: {} } };
}
