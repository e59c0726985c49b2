import { joinHub } from './bridge/join-hub.ts';
import { placeOf } from './bridge/scope.ts';
import { readServeArguments } from './bridge/serve-arguments.ts';
import { useCodeCache } from './code-cache.ts';

const serveArguments = readServeArguments(process.argv.slice(2));
if (serveArguments === undefined || !isStdio(serveArguments.mode)) void runCommand();
else {
  const place = placeOf(serveArguments, process.env, process.cwd());
  void joinHub({ place, serve: runCommand });
}

async function runCommand(): Promise<void> {
  useCodeCache(import.meta.dirname);
  await import('./cli.ts');
}

function isStdio(mode: 'stdio' | 'http' | undefined): boolean {
  return mode === undefined ? !process.getBuiltinModule('node:tty').isatty(1) : mode === 'stdio';
}
