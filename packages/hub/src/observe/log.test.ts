import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';

function collect(options: Partial<Parameters<typeof createLog>[0]>): {
  log: ReturnType<typeof createLog>;
  lines: string[];
} {
  const lines: string[] = [];
  return { log: createLog({ write: (line) => lines.push(line), now: () => 5, ...options }), lines };
}

describe('the log', () => {
  it('writes one JSON object per line in the line format of pino', () => {
    const { log, lines } = collect({ format: 'json' });
    log({ level: 'warn', event: 'upstream.failed', message: 'gone', server: 'fs' });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] as string)).toEqual({
      level: 40,
      time: 5,
      msg: 'gone',
      event: 'upstream.failed',
      server: 'fs',
    });
  });

  it('leaves out what is below the level', () => {
    const { log, lines } = collect({ level: 'warn' });
    log({ level: 'info', event: 'a' });
    log({ level: 'error', event: 'b' });
    expect(lines).toHaveLength(1);
  });

  it('writes nothing at all when silent', () => {
    const { log, lines } = collect({ level: 'silent' });
    log({ level: 'error', event: 'b' });
    expect(lines).toEqual([]);
  });

  it('keeps what others wrote from forging a line or moving the cursor', () => {
    const { log, lines } = collect({});
    log({ level: 'info', event: 'x', message: 'a\nERROR forged\x1b[2J', server: 'e\r\nvil', extra: 'b\nc' });
    expect(lines[0]).toBe('info  e  vil: a ERROR forged [2J extra=b c\n');
  });

  it('survives a sink that throws', () => {
    const log = createLog({
      write: () => {
        throw new Error('EPIPE');
      },
    });
    expect(() => log({ level: 'error', event: 'x' })).not.toThrow();
  });
});
