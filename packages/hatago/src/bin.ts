import manifest from '../package.json' with { type: 'json' };
import { type Bundle, loadPart, openBundle } from './loader.ts';

/** Set by the build, ahead of this program. */
declare const HATAGO_BUNDLE: Pick<Bundle, 'store' | 'parts'>;

if (process.argv.length === 3 && process.argv[2] === '--version') process.stdout.write(`${manifest.version}\n`);
else {
  openBundle({ file: __filename, ...HATAGO_BUNDLE, require });
  loadPart('main.cjs');
}
