import { CliError, EXIT } from './exit.ts';

/** Whether a person sits there who can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** How a question is put. */
export interface AskOptions {
  /** Answered with yes without asking. */
  readonly yes?: boolean;
  /** The answer that Enter gives. @default true */
  readonly initial?: boolean;
  /** What to do instead where nobody can be asked. @default 'run it again with --yes' */
  readonly otherwise?: string;
}

/**
 * Asks a yes-or-no question on stderr. Throws a {@link CliError} with exit code 5 where the answer is no, and with 2
 * where nobody can be asked.
 */
export async function insist(question: string, options: AskOptions = {}): Promise<void> {
  if (options.yes === true) return;
  if (!canAsk()) {
    throw new CliError(
      `${question} Nobody can be asked here: ${options.otherwise ?? 'run it again with --yes'}`,
      EXIT.usage,
    );
  }
  if (!(await askYesNo(question, options.initial))) throw new CliError('nothing was changed', EXIT.denied);
}

/** Asks a yes-or-no question on stderr; no when it is broken off. */
export async function askYesNo(question: string, initial = true): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: question, initialValue: initial, output: process.stderr });
  return !isCancel(answer) && answer;
}

/** Asks for a text that is not shown; undefined when it is broken off or left empty. */
export async function askSecretText(question: string): Promise<string | undefined> {
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message: question, output: process.stderr });
  return isCancel(answer) || answer === undefined || answer === '' ? undefined : answer;
}
