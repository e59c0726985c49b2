import { claudeCode } from './claude-code.ts';
import { claudeDesktop } from './claude-desktop.ts';
import type { Client } from './client.ts';
import { cline } from './cline.ts';
import { codex } from './codex.ts';
import { cursor } from './cursor.ts';
import { geminiCli } from './gemini-cli.ts';
import { goose } from './goose.ts';
import { jetbrains } from './jetbrains.ts';
import { opencode } from './opencode.ts';
import { vscode } from './vscode.ts';
import { windsurf } from './windsurf.ts';
import { zed } from './zed.ts';

/** Every client whose files are known, in the order they are shown. */
export const CLIENTS: readonly Client[] = [
  claudeCode,
  claudeDesktop,
  cursor,
  vscode,
  codex,
  geminiCli,
  windsurf,
  zed,
  cline,
  goose,
  opencode,
  jetbrains,
];

const ALIASES: Readonly<Record<string, string>> = {
  claude: 'claude-code',
  code: 'vscode',
  'vs-code': 'vscode',
  gemini: 'gemini-cli',
  junie: 'jetbrains',
};

/** The client of this name, as people write it. */
export function findClient(name: string): Client | undefined {
  const plain = name
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-');
  return CLIENTS.find(({ id }) => id === (ALIASES[plain] ?? plain));
}
