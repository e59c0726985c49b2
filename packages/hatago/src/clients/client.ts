import type { Machine } from './machine.ts';
import type { ReferenceStyle } from './references.ts';

/** Syntax of a client's file; JSON with comments and trailing commas is accepted wherever JSON is. */
export type FileFormat = 'json' | 'toml' | 'yaml';

/** How a client is to reach the hub. */
export type Launch =
  | { readonly kind: 'stdio'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'http'; readonly url: string };

/** A file in which a client keeps servers. */
export interface ClientFile {
  /** For everything the user does, or for one project. */
  readonly scope: 'user' | 'project';
  readonly path: string;
  /** It is read for what it holds and never chosen to write to. @default false */
  readonly readOnly?: boolean;
}

/** A record of servers inside a document, by member names. */
export interface ServerRecord {
  readonly path: readonly string[];
  /** The project the record belongs to, where one file holds those of several. */
  readonly project?: string;
}

/** One server, as it is written in a configuration of ours. */
export type ServerEntry = Readonly<Record<string, unknown>>;

/** What a client's own entry says, in our words. */
export interface ReadEntry {
  readonly entry: ServerEntry;
  /** What could not be carried over, one sentence each. */
  readonly notes: readonly string[];
}

/** One program that uses MCP servers: where its files lie and how they are written. */
export interface Client {
  /** What `hatago connect` calls it. */
  readonly id: string;
  readonly name: string;
  readonly format: FileFormat;
  /** How its strings refer to variables. */
  readonly references: ReferenceStyle;
  /** Every file it reads on this machine; of those that are there, the first is written to. */
  files(machine: Machine): readonly ClientFile[];
  /** The records of servers in a document. @default the one at {@link Client.path} */
  records?(document: unknown): readonly ServerRecord[];
  /** Member names down to the record that new servers are written to. */
  path(document: unknown): readonly string[];
  /** An entry of the record in our words; undefined for what is no MCP server. */
  read(entry: Readonly<Record<string, unknown>>): ReadEntry | undefined;
  /** Our entry in its words, to be written into this document. */
  write(launch: Launch, document: unknown): Readonly<Record<string, unknown>>;
  /** Whether its file can name an HTTP endpoint. */
  readonly http: boolean;
  /** What it puts in place of the project's folder in a project's file; undefined when it starts servers there. */
  readonly projectFolder?: string;
  /** What to do so that it sees the change. */
  readonly next: string;
  /** Its own command that adds an HTTP endpoint, where it has one. */
  addCommand?(url: string): string;
}
