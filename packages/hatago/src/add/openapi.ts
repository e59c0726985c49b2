const MAX_BYTES = 65_536;

/** Whether an address or path is called like a description of an HTTP interface. */
export function isOpenApi(word: string): boolean {
  const path = /^https?:\/\//i.test(word) && URL.canParse(word) ? new URL(word).pathname : word;
  if (/^@/.test(path)) return false;
  return /(?:^|[/\\.-])(?:openapi|swagger|api-docs)(?:[-.\w]*\.(?:json|ya?ml))?$/i.test(path) && /[/\\.]/.test(word);
}

/** Whether a text begins like a description of an HTTP interface, as JSON or YAML. */
export function isOpenApiText(text: string): boolean {
  return (
    /^\s*\{[^{]{0,2000}"(?:openapi|swagger)"\s*:/.test(text) || /^(?:openapi|swagger)\s*:/m.test(text.slice(0, 2000))
  );
}

/** Looks whether what an address answers is such a description; false where it does not answer. */
export async function servesOpenApi(url: string, timeoutMs = 5000): Promise<boolean> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json, application/yaml;q=0.9, */*;q=0.1' },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok || response.body === null) return false;
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length >= MAX_BYTES) break;
    }
    return isOpenApiText(text);
  } catch {
    return false;
  }
}
