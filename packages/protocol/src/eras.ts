/** The two families of protocol revisions: with the `initialize` handshake and sessions, or stateless. */
export type Era = 'legacy' | 'modern';

/** The modern revision the hub speaks. */
export const MODERN_VERSION = '2026-07-28';

/** The legacy revisions the hub speaks, newest first. */
export const LEGACY_VERSIONS: readonly string[] = [
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
  '2024-10-07',
];

/** Every revision the hub speaks, newest first. */
export const SUPPORTED_VERSIONS: readonly string[] = [MODERN_VERSION, ...LEGACY_VERSIONS];

/** The era of a revision the hub speaks; undefined for every other. */
export function eraOf(version: string): Era | undefined {
  if (version === MODERN_VERSION) return 'modern';
  return LEGACY_VERSIONS.includes(version) ? 'legacy' : undefined;
}

/** Whether a version string names a stateless revision, be it one the hub speaks or a later one. */
export function namesModern(version: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(version) && version >= MODERN_VERSION;
}

/** The revision to answer an `initialize` with: the one asked for where the hub speaks it, else the newest legacy one. */
export function negotiateLegacy(asked: unknown): string {
  return typeof asked === 'string' && LEGACY_VERSIONS.includes(asked) ? asked : (LEGACY_VERSIONS[0] as string);
}

/** Whether a revision is the given one or a later one. */
export function atLeast(version: string, floor: string): boolean {
  return version >= floor;
}
