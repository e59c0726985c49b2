import type { Command } from 'commander';

/** Adding, changing and checking servers. */
export function addServersCommands(_program: Command): void {}
