import { useYaml } from '@hatago/hub/control/yaml-module.ts';
import { loadPart } from '#loader';
import { joinHub } from './bridge/join-hub.ts';
import { lacksConfig, placeOf } from './bridge/scope.ts';
import { readServeArguments } from './bridge/serve-arguments.ts';
import type { ServeOptions } from './serving/options.ts';

useYaml(() => loadPart('yaml.cjs'));
const options = readServeArguments(process.argv.slice(2));
if (options === undefined) void runCommand();
else if (isHttp(options) || lacksConfig(options, process.env, process.cwd())) void runServe(options);
else void joinHub({ place: placeOf(options, process.env, process.cwd()), serve: () => runServe(options) });

async function runCommand(): Promise<void> {
  await import('./cli.ts');
}

/** Serves without the command line proper, of which nothing is needed any more. */
async function runServe(serveOptions: ServeOptions): Promise<void> {
  await (await import('./run-serve.ts')).runServe(serveOptions);
}

function isHttp({ http, stdio, mode }: ServeOptions): boolean {
  if (http === true || mode === 'http') return true;
  return stdio !== true && mode !== 'stdio' && process.getBuiltinModule('node:tty').isatty(1);
}
