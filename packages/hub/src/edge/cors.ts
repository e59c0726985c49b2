const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'accept',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'mcp-session-id',
  'last-event-id',
  'traceparent',
  'tracestate',
  'baggage',
];
const PARAM_HEADER = /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/;
const MOST_PARAM_HEADERS = 64;

/** Headers that let scripts of an allowed origin read an answer. */
export function corsHeaders(origin: string): string[] {
  return [
    'Access-Control-Allow-Origin',
    origin,
    'Access-Control-Expose-Headers',
    'mcp-session-id, www-authenticate',
    'Vary',
    'Origin',
  ];
}

/** Headers of the answer to a preflight; of the headers asked for, every `Mcp-Param-*` is allowed too. */
export function preflightHeaders(requestedHeaders: string | undefined): string[] {
  const params = (requestedHeaders ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => PARAM_HEADER.test(name))
    .slice(0, MOST_PARAM_HEADERS);
  return [
    'Access-Control-Allow-Methods',
    'GET, POST, DELETE, OPTIONS',
    'Access-Control-Allow-Headers',
    [...ALLOWED_HEADERS, ...params].join(', '),
    'Access-Control-Max-Age',
    '7200',
  ];
}
