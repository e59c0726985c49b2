import { describe, expect, it } from 'vitest';
import { LIMITS } from '../limits.mjs';
import { bestPeer, judge } from './judge.mjs';

const asked = {
  scenarios: ['S2', 'S5'],
  ours: ['ours', 'ours-2026'],
  peers: { S2: ['slow', 'quick'], S3: [] },
};
const call = (system, sessions, hubCpuUsPerReq) => ({ round: 1, scenario: 'S2', system, sessions, hubCpuUsPerReq });
const verdictOf = (rows, what) => judge(LIMITS, rows, asked).find((j) => j.what === what);

describe('judge', () => {
  it('compares the median of the rounds, at the sessions of the limit', () => {
    const rows = [call('ours', 64, 40), call('ours', 64, 59), call('ours', 64, 500), call('ours', 1, 900)];
    expect(verdictOf(rows, 'call to a stdio server')).toMatchObject({ measured: '59', verdict: 'met' });
  });

  it('misses a limit that is passed by a hair', () => {
    expect(verdictOf([call('ours', 64, 60.1)], 'call to a stdio server').verdict).toBe('missed');
  });

  it('misses a limit that was asked for and yielded no number', () => {
    const rows = [{ round: 1, scenario: 'S2', system: 'ours', fatal: 'not ready' }];
    expect(verdictOf(rows, 'call to a stdio server').verdict).toBe('missed');
  });

  it('does not judge a scenario that was not asked for', () => {
    expect(verdictOf([], 'call to an HTTP server').verdict).toBe('not measured');
  });

  it('compares with the peer that needs least', () => {
    const rows = [call('ours', 64, 50), call('slow', 64, 900), call('quick', 64, 199)];
    const judged = verdictOf(rows, 'call to a stdio server, beside the best peer');
    expect(judged).toMatchObject({ measured: '4.0 (quick: 199 µs)', verdict: 'missed' });
  });

  it('takes a peer that cannot do so many sessions at the most it did', () => {
    const rows = [call('slow', 1, 10), call('slow', 16, 30), call('quick', 64, 40)];
    const limit = { scenario: 'S2', sessions: 64, metric: 'hubCpuUsPerReq' };
    expect(bestPeer(rows, ['slow', 'quick'], limit)).toEqual({ system: 'slow', sessions: 16, value: 30 });
  });

  it('tells how far the eras are apart, whichever is the cheaper', () => {
    const rows = [call('ours', 64, 57.6), call('ours-2026', 64, 50)];
    const judged = verdictOf(rows, 'clients of both eras');
    expect(judged).toMatchObject({ measured: '15.2 (57.6 and 50 µs)', verdict: 'missed' });
  });

  it('compares what was measured in the same round, for machines change their speed', () => {
    const round = (times) => [call('ours', 64, 50 * times), call('ours-2026', 64, 55 * times)];
    const rows = [...round(1), ...round(2), call('ours', 64, 40), call('ours-2026', 64, 90)];
    expect(verdictOf(rows, 'clients of both eras')).toMatchObject({ measured: '10.0 (50 and 90 µs)', verdict: 'met' });
  });

  it('compares the first of a round with the first of it, however often either was measured', () => {
    const inRound = (round, row) => ({ ...row, round });
    const first = [call('ours', 64, 50), call('quick', 64, 300), call('ours', 64, 10)].map((row) => inRound(1, row));
    const second = [call('quick', 64, 600), call('ours', 64, 100), call('ours', 64, 10)].map((row) => inRound(2, row));
    const judged = verdictOf([...first, ...second], 'call to a stdio server, beside the best peer');
    expect(judged).toMatchObject({ measured: '6.0 (quick: 450 µs)', verdict: 'met' });
  });

  it('leaves out a round in which one of the two failed', () => {
    const failed = { round: 1, scenario: 'S2', system: 'ours', fatal: 'not ready' };
    const rows = [failed, call('ours-2026', 64, 90), call('ours', 64, 50), call('ours-2026', 64, 55)];
    expect(verdictOf(rows, 'clients of both eras').measured).toContain('10.0 ');
  });

  it('relates the start to the servers alone', () => {
    const start = (system, readyMs) => ({ round: 1, scenario: 'S5', system, readyMs });
    const judged = judge(LIMITS, [start('ours', 640), start('(floor)', 500)], asked).find((j) => j.scenario === 'S5');
    expect(judged).toMatchObject({ measured: '1.28 (640 of 500 ms)', verdict: 'met' });
  });

  it('fails on one wrong answer of ours, not on a peer’s', () => {
    const what = 'answers wrong or missing, measurements failed';
    expect(verdictOf([{ ...call('ours', 64, 50), errors: 1 }], what).verdict).toBe('missed');
    expect(verdictOf([call('ours', 64, 50), { ...call('slow', 64, 900), errors: 7 }], what).verdict).toBe('met');
  });
});
