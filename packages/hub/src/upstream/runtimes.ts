import { basename } from 'node:path';

/** The programs that servers are usually run with, and where each comes from. */
const SOURCES: Readonly<Record<string, string>> = {
  node: 'Node.js (https://nodejs.org)',
  npx: 'Node.js, which npx comes with (https://nodejs.org)',
  npm: 'Node.js, which npm comes with (https://nodejs.org)',
  pnpm: 'pnpm (https://pnpm.io)',
  yarn: 'Yarn (https://yarnpkg.com)',
  bun: 'Bun (https://bun.sh)',
  bunx: 'Bun, which bunx comes with (https://bun.sh)',
  deno: 'Deno (https://deno.com)',
  uv: 'uv (https://docs.astral.sh/uv)',
  uvx: 'uv, which uvx comes with (https://docs.astral.sh/uv)',
  pipx: 'pipx (https://pipx.pypa.io)',
  python: 'Python (https://www.python.org)',
  python3: 'Python (https://www.python.org)',
  docker: 'Docker (https://docs.docker.com/get-docker)',
  podman: 'Podman (https://podman.io)',
  java: 'a Java runtime (https://adoptium.net)',
  go: 'Go (https://go.dev)',
  cargo: 'Rust (https://rustup.rs)',
  dotnet: '.NET (https://dotnet.microsoft.com)',
  ruby: 'Ruby (https://www.ruby-lang.org)',
};

/** The bare name of a program: without its folder, and on Windows without its ending. */
export function programOf(command: string): string {
  return basename(command.replaceAll('\\', '/'))
    .toLowerCase()
    .replace(/\.(?:exe|cmd|bat|com)$/, '');
}

/** What a person has to install for a command that was not found. */
export function howToInstall(command: string): string {
  const source = SOURCES[programOf(command)];
  if (source !== undefined) return `Install ${source}.`;
  // The bare name: where it was looked for is nobody else's business.
  return `Install ${JSON.stringify(programOf(command))}, or correct the command in the configuration.`;
}
