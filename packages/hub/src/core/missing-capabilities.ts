import { isRecord, type Payload } from '@hatago/protocol';

/**
 * The capabilities an ask needs of its client that the client did not declare; undefined when it declared them all.
 * @see MCP 2026-07-28 client capabilities
 */
export function missingCapabilities(
  method: string,
  params: Payload,
  declared: Payload,
): Record<string, unknown> | undefined {
  const has = declared.value();
  const capabilities = isRecord(has) ? has : {};
  if (method === 'roots/list') return isRecord(capabilities.roots) ? undefined : { roots: {} };
  if (method === 'sampling/createMessage') {
    const { sampling } = capabilities;
    const tools = params.members()?.names.includes('tools') === true;
    if (!isRecord(sampling)) return { sampling: tools ? { tools: {} } : {} };
    return tools && !isRecord(sampling.tools) ? { sampling: { tools: {} } } : undefined;
  }
  if (method !== 'elicitation/create') return undefined;
  const { elicitation } = capabilities;
  const url = params.text('mode') === 'url';
  const needed = { elicitation: url ? { url: {} } : {} };
  if (!isRecord(elicitation)) return needed;
  // A client that names no mode has the form mode.
  const form = isRecord(elicitation.form) || elicitation.url === undefined;
  return (url ? isRecord(elicitation.url) : form) ? undefined : needed;
}
