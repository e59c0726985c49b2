import type { Command } from 'commander';

/** Secrets, and the approval of commands. */
export function addSecretsCommands(_program: Command): void {}
