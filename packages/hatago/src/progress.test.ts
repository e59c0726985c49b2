import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withProgress } from './progress.ts';

function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text) };
}

describe('progress', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubEnv('TERM', 'xterm');
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  const after = (ms: number): Promise<string> => new Promise((resolve) => setTimeout(() => resolve('done'), ms));

  it('is not shown for what is quick', async () => {
    const stream = terminal(true);
    const done = withProgress('working', () => after(400), { stream });
    await vi.advanceTimersByTimeAsync(400);
    expect(await done).toBe('done');
    expect(stream.written).toEqual([]);
  });

  it('is shown for what takes its time, says what changes, and leaves nothing behind', async () => {
    const stream = terminal(true);
    const done = withProgress(
      'working',
      async ({ say }) => {
        await after(600);
        say('nearly there');
        return after(600);
      },
      { stream },
    );
    await vi.advanceTimersByTimeAsync(1200);
    await done;
    expect(stream.written.at(0)).toContain('working');
    expect(stream.written.join('')).toContain('nearly there');
    expect(stream.written.at(-1)).toBe('\r\u001b[2K');
  });

  it('is taken away also when the work fails', async () => {
    const stream = terminal(true);
    const done = withProgress('working', () => after(900).then(() => Promise.reject(new Error('no'))), { stream });
    const seen = expect(done).rejects.toThrow('no');
    await vi.advanceTimersByTimeAsync(900);
    await seen;
    expect(stream.written.at(-1)).toBe('\r\u001b[2K');
  });

  it('is not shown where there is no terminal', async () => {
    const stream = terminal(false);
    const done = withProgress('working', () => after(2000), { stream });
    await vi.advanceTimersByTimeAsync(2000);
    await done;
    expect(stream.written).toEqual([]);
  });
});
