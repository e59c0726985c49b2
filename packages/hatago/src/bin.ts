import manifest from '../package.json' with { type: 'json' };
import { type Bundle, loadPart, openBundle } from './loader.ts';

/** Set by the build, ahead of this program. */
declare const HATAGO_PARTS: Bundle['parts'];

if (process.argv.length === 3 && process.argv[2] === '--version') process.stdout.write(`${manifest.version}\n`);
else {
  openBundle({ file: __filename, parts: HATAGO_PARTS, require });
  loadPart('main.cjs');
}
