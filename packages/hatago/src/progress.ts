import { coloursFor } from './colours.ts';

/** Where progress is shown. */
export interface ProgressOptions {
  /** @default process.stderr */
  readonly stream?: { readonly isTTY?: boolean; write(text: string): unknown };
  /** How long something may take before anything is shown, in milliseconds. @default 500 */
  readonly afterMs?: number;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const ERASE = '\r\u001b[2K';

/** Something that is under way; what it says of itself can change. */
export interface Progress {
  say(label: string): void;
}

/**
 * Does a piece of work and, where a person sits at a terminal and it takes over half a second, shows on stderr that it
 * goes on; nothing is left of that at the end. Elsewhere nothing is shown at all.
 */
export async function withProgress<T>(
  label: string,
  work: (progress: Progress) => Promise<T>,
  options: ProgressOptions = {},
): Promise<T> {
  const { stream = process.stderr, afterMs = 500 } = options;
  let said = label;
  if (stream.isTTY !== true || process.env['TERM'] === 'dumb') return work({ say: () => {} });
  const { cyan } = coloursFor(stream);
  let frame = 0;
  let isShown = false;
  let timer: NodeJS.Timeout;
  const draw = (): void => {
    isShown = true;
    stream.write(`${ERASE}${cyan(FRAMES[frame++ % FRAMES.length] as string)} ${said}`);
    timer = setTimeout(draw, FRAME_MS);
  };
  timer = setTimeout(draw, afterMs);
  try {
    return await work({
      say: (text) => {
        said = text;
      },
    });
  } finally {
    clearTimeout(timer);
    if (isShown) stream.write(ERASE);
  }
}
