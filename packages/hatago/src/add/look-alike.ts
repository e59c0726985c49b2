import { editDistance } from '../edit-distance.ts';
import { baseName } from './package-spec.ts';

/** Packages of servers that many people have, and that others therefore like to be mistaken for. */
const WELL_KNOWN: readonly string[] = [
  '@azure/mcp',
  '@browserbasehq/mcp-server-browserbase',
  '@cloudflare/mcp-server-cloudflare',
  '@elastic/mcp-server-elasticsearch',
  '@heroku/mcp-server',
  '@modelcontextprotocol/server-brave-search',
  '@modelcontextprotocol/server-everything',
  '@modelcontextprotocol/server-filesystem',
  '@modelcontextprotocol/server-gdrive',
  '@modelcontextprotocol/server-github',
  '@modelcontextprotocol/server-gitlab',
  '@modelcontextprotocol/server-google-maps',
  '@modelcontextprotocol/server-memory',
  '@modelcontextprotocol/server-postgres',
  '@modelcontextprotocol/server-puppeteer',
  '@modelcontextprotocol/server-redis',
  '@modelcontextprotocol/server-sequential-thinking',
  '@modelcontextprotocol/server-slack',
  '@notionhq/notion-mcp-server',
  '@playwright/mcp',
  '@sentry/mcp-server',
  '@stripe/mcp',
  '@supabase/mcp-server-supabase',
  '@upstash/context7-mcp',
  '@wonderwhy-er/desktop-commander',
  'airtable-mcp-server',
  'chrome-devtools-mcp',
  'exa-mcp-server',
  'figma-developer-mcp',
  'firecrawl-mcp',
  'mcp-remote',
  'mongodb-mcp-server',
  'n8n-mcp',
  'supergateway',
  'tavily-mcp',
  'task-master-ai',
];

/** Most letters that two names may differ in to be taken for each other. */
const NEAR = 2;
const NEAR_SCOPE = 3;
/** Base names that so many packages have that sharing one means nothing. */
const COMMON = new Set(['mcp', 'mcp-server']);

/** The well-known package that a name looks like without being it; undefined when it looks like none. */
export function lookAlikeOf(name: string): string | undefined {
  if (WELL_KNOWN.includes(name)) return undefined;
  return WELL_KNOWN.find((known) => isNear(name, known));
}

function isNear(name: string, known: string): boolean {
  if (plain(name) === plain(known)) return true;
  if (Math.min(name.length, known.length) > 7 && editDistance(name, known, NEAR) <= NEAR) return true;
  const [scope, knownScope] = [scopeOf(name), scopeOf(known)];
  const [base, knownBase] = [baseName(name), baseName(known)];
  if (knownScope === '' || base !== knownBase) return false;
  // The same name without its scope, or in a scope that is misspelt.
  if (scope === '') return !COMMON.has(base);
  return editDistance(scope, knownScope, NEAR_SCOPE) <= Math.min(NEAR_SCOPE, Math.ceil(knownScope.length / 6));
}

const scopeOf = (name: string): string => (name.startsWith('@') ? name.slice(1, name.indexOf('/')) : '');

/** A name with letters that look the same made the same, and without what separates words. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('0', 'o')
    .replaceAll(/[1i|]/g, 'l')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll(/[-_.~@/]/g, '');
}
