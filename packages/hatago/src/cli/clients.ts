import type { Command } from 'commander';

/** Taking over from clients what they have, and connecting them. */
export function addClientsCommands(_program: Command): void {}
