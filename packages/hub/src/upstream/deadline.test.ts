import { describe, expect, it } from 'vitest';
import { systemSchedule, within } from './deadline.ts';
import { createTestClock } from './scripted.ts';

describe('the timers of the runtime', () => {
  it('call back, unless they are taken back', async () => {
    const called: string[] = [];
    systemSchedule(0, () => called.push('taken back'))();
    await new Promise<void>((resolve) => {
      systemSchedule(0, () => {
        called.push('due');
        resolve();
      });
    });
    expect(called).toEqual(['due']);
  });
});

describe('a promise with a deadline', () => {
  it('is what it comes to, or late', async () => {
    const clock = createTestClock();
    const { promise, reject } = deferred();
    const failing = within(promise, 10, clock.schedule);
    reject(new Error('no'));
    await expect(failing).rejects.toThrow('no');
    expect(await within(Promise.resolve(1), 10, clock.schedule)).toBe(1);
    expect(clock.timers).toBe(0);
    const late = within(new Promise(() => {}), 10, clock.schedule);
    await clock.advance(10);
    expect(await late).toBe('late');
  });
});

function deferred(): { promise: Promise<string>; reject(error: Error): void } {
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<string>((_, fail) => {
    reject = fail;
  });
  return { promise, reject };
}
