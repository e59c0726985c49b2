import type { TrustedConfig } from '@hatago/hub/control/trust/load-trusted.ts';
import type { ControlClient } from '../control/client.ts';

/** Something a check found out. */
export interface Finding {
  /** What was looked at, e.g. `node`, `port` or `server files`. */
  readonly subject: string;
  readonly level: 'ok' | 'warning' | 'error';
  /** What is, in one sentence. */
  readonly message: string;
  /** Why; left out where the message says it. */
  readonly cause?: string;
  /** The command, or what to do, that mends it. */
  readonly fix?: string;
  /** Mends it without harm and says what was done; left out where a person has to. */
  readonly mend?: () => string | Promise<string>;
}

/** What the checks look at. */
export interface Examined {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The hub's state directory. */
  readonly home: string;
  /** The configuration file; undefined where there is none. */
  readonly file: string | undefined;
  /** The configuration; undefined where there is none or it is not valid. */
  readonly loaded: TrustedConfig | undefined;
  /** Why it is not valid, one line each; empty where it is. */
  readonly faults: readonly string[];
  /** The hub that runs for it; undefined where none does. */
  readonly hub: ControlClient | undefined;
  /** Whether servers may be started to check them. */
  readonly mayStart: boolean;
  /** Whether every secret is decrypted. */
  readonly crypto: boolean;
}

/** One check; it never throws, and changes nothing by itself. */
export type Check = (examined: Examined) => readonly Finding[] | Promise<readonly Finding[]>;
