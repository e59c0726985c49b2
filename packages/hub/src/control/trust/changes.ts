import type { Launch } from './launch.ts';
import { visible, visibleCommand } from './visible.ts';

/** What is other than when it was approved, one line for each thing, before and now. */
export function changesOf(before: Launch, now: Launch): string[] {
  const lines: string[] = [];
  const one = (what: string, old: string | null, next: string | null): void => {
    if (old !== next) lines.push(`${what}: ${show(old)} → ${show(next)}`);
  };
  one('command', before.command, now.command);
  if (JSON.stringify(before.args) !== JSON.stringify(now.args)) {
    lines.push(`arguments: ${visibleCommand(before.args) || 'none'} → ${visibleCommand(now.args) || 'none'}`);
  }
  one('runs in', before.cwd, now.cwd);
  one('address', before.url, now.url);
  for (const [what, old, next] of [
    ['variable', before.env, now.env],
    ['header', before.headers, now.headers],
    ['value of a variable', before.given, now.given],
    ['secret', before.secrets, now.secrets],
  ] as const) {
    lines.push(...next.filter((name) => !old.includes(name)).map((name) => `${what} added: ${visible(name)}`));
    lines.push(...old.filter((name) => !next.includes(name)).map((name) => `${what} gone: ${visible(name)}`));
  }
  return lines;
}

const show = (text: string | null): string => (text === null ? 'none' : visible(text));
