import manifest from '../package.json' with { type: 'json' };
import { loadPart, openBundle, type Place } from './loader.ts';

/** Set by the build, ahead of this program. */
declare const HATAGO_PARTS: Readonly<Record<string, Place>>;

if (process.argv.length === 3 && process.argv[2] === '--version') process.stdout.write(`${manifest.version}\n`);
else {
  openBundle({ file: __filename, parts: HATAGO_PARTS, require });
  loadPart('main.cjs');
}
