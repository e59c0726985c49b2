import type { Result } from '@hatago/protocol';
import type { Controller } from '../control/control-plane.ts';
import type { Launch } from '../control/trust/launch.ts';
import type { Log } from '../core/log.ts';

/** A session as the API shows it; what it is continued by is not part of it. */
export interface SessionView {
  /** Names the session here and nowhere else: knowing it lets nobody continue the session. */
  readonly id: string;
  /** Name and version the client gave of itself. */
  readonly client: string | null;
  /** Over HTTP, or over a pipe or socket that its client holds. */
  readonly transport: 'http' | 'pipe';
  readonly protocolVersion: string;
  readonly route: string;
  readonly principal: string;
  /** The generation its requests run on. */
  readonly generation: number;
  /** Requests under way. */
  readonly calls: number;
  /** Time since its last use, in milliseconds. */
  readonly idleMs: number;
}

/** The sessions of a hub, as the API needs them. */
export interface AdminSessions {
  list(): readonly SessionView[];
  /** Ends a session; one that a client holds by a pipe ends with its client only. */
  close(id: string): 'closed' | 'unknown' | 'held';
}

/** A secret's name and when it was set; never its value. */
export interface SecretView {
  readonly name: string;
  /** RFC 3339; null where it is not known. */
  readonly updatedAt: string | null;
}

/** What a server would run, and whether that may. */
export interface ApprovalView extends Launch {
  /** `own`: it needs none; the others came with the files of a project. */
  readonly state: 'own' | 'approved' | 'changed' | 'new';
  /** The file it was written in. */
  readonly file: string;
  /** What an approval is bound to. */
  readonly hash: string;
  /** What is other than when it was approved. */
  readonly changes: readonly string[];
}

/** What the admin API stands on. */
export interface AdminDeps {
  readonly controller: Controller;
  readonly sessions: AdminSessions;
  readonly version: string;
  readonly pid: number;
  /** When the hub was started, in milliseconds of the epoch. */
  readonly startedAt: number;
  /** Milliseconds of the epoch. */
  now(): number;
  /** The endpoint of all servers over HTTP; undefined where the hub does not listen. */
  url(): string | undefined;
  /** Whether the servers that start by themselves have settled, and the hub is not going away. */
  isReady(): boolean;
  isDraining(): boolean;
  /** The file the configuration is read from; undefined where there is none, and nothing can be changed. */
  readonly configFile: string | undefined;
  /** The stored secrets, or why they cannot be told. */
  secrets(): Promise<Result<readonly SecretView[], string>>;
  /** What a server would run and whether that was approved; undefined where nothing is known of it. */
  approval(server: string): Promise<ApprovalView | undefined>;
  /** Approves what a server runs, as long as that is what the hash was made of; the reason where it cannot be done. */
  approve(server: string, hash: string): Promise<Result<void, string>>;
  /** Begins to end the hub in an orderly way. */
  stop(reason: string): void;
  readonly log: Log;
}
