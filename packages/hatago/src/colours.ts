import pc from 'picocolors';

/**
 * Colours for what is written to a stream: on a terminal, or where FORCE_COLOR asks for them; never with NO_COLOR.
 * @see https://no-color.org
 */
export function coloursFor(stream: { readonly isTTY?: boolean }): ReturnType<typeof pc.createColors> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const wanted = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  return pc.createColors(!NO_COLOR && (wanted || (stream.isTTY === true && TERM !== 'dumb')));
}
