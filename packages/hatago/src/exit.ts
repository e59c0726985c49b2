/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  noHub: 3,
  notFound: 4,
  denied: 5,
  /** What was asked for is unsafe, so nothing was started (`EX_CONFIG`). */
  unsafe: 78,
} as const;

/** A failure a person is told in words: what happened, and what to do next. */
export class CliError extends Error {
  readonly exit: number;

  constructor(message: string, exit: number = EXIT.failure) {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
  }
}
