import { describe, expect, it } from 'vitest';
import type { Supervision } from '../core/supervised.ts';
import type { UpstreamStatus } from '../core/upstream.ts';
import { type ReadinessInput, toReadiness } from './readiness.ts';

const status = (state: UpstreamStatus['state'], more: Partial<UpstreamStatus> = {}): UpstreamStatus => ({
  state,
  error: undefined,
  offers: undefined,
  ...more,
});
const supervision = (more: Partial<Supervision> = {}): Supervision => ({
  state: 'STOPPED',
  pids: [],
  restarts: 0,
  failures: 0,
  reason: undefined,
  since: 0,
  retryAt: undefined,
  ...more,
});
const readiness = (input: Partial<ReadinessInput>): ReturnType<typeof toReadiness> =>
  toReadiness({
    id: 'github',
    server: { disabled: false, start: 'eager' },
    status: status('ready'),
    supervision: undefined,
    listError: undefined,
    ...input,
  });

describe('the readiness of a server', () => {
  it.each([
    ['ready', { status: status('ready') }],
    ['starting', { status: status('starting') }],
    ['starting', { status: undefined }],
    ['lazy', { server: { disabled: false, start: 'lazy' as const }, status: status('stopped') }],
  ])('is %s without anything to do', (state, input) => {
    expect(readiness(input)).toEqual({ state, code: undefined, message: undefined, fix: undefined });
  });

  it.each([
    ['needs a secret', 'HATAGO_SECRET_MISSING', 'hatago secret set GITHUB_TOKEN'],
    ['needs approval', 'HATAGO_NEEDS_APPROVAL', 'hatago trust github'],
    ['quarantined', 'HATAGO_QUARANTINED', 'hatago trust github'],
  ] as const)('is %s while the configuration blocks it', (state, code, fix) => {
    const blocked = { code, message: 'What is the matter.', ...(state === 'needs a secret' ? { fix } : {}) };
    expect(readiness({ server: { disabled: false, start: 'eager', blocked }, status: status('stopped') })).toEqual({
      state,
      code,
      message: 'What is the matter.',
      fix,
    });
  });

  it('offers a bearer token from a secret to a server that wants a sign-in, and says so', () => {
    const found = readiness({ status: status('failed', { code: 'HATAGO_UPSTREAM_AUTH_REQUIRED', error: '401' }) });
    expect(found).toMatchObject({ state: 'needs sign-in', code: 'HATAGO_UPSTREAM_AUTH_REQUIRED' });
    expect(found.message).toContain('bearer token');
    expect(found.message).toContain('cannot sign in through a browser yet');
    expect(found.fix).toBe(
      'hatago secret set GITHUB_TOKEN && hatago update github --auth bearer --secret GITHUB_TOKEN',
    );
  });

  it('needs a runtime where the command is not installed', () => {
    const error = 'the command uvx was not found';
    const found = readiness({ status: status('failed', { code: 'HATAGO_RUNTIME_MISSING', error, fix: 'install uv' }) });
    expect(found).toEqual({
      state: 'needs a runtime',
      code: 'HATAGO_RUNTIME_MISSING',
      message: 'The command uvx was not found.',
      fix: 'install uv',
    });
  });

  it('is failing with its reason, and points to what the server wrote', () => {
    expect(readiness({ status: status('failed', { error: 'it ended with 3' }) })).toEqual({
      state: 'failing',
      code: 'HATAGO_UPSTREAM_UNAVAILABLE',
      message: 'It ended with 3.',
      fix: 'hatago logs github',
    });
  });

  it('says when a server is not started again by itself', () => {
    const crashed = supervision({ state: 'CRASHED', reason: 'it ended with 3', restarts: 5 });
    const found = readiness({ status: status('failed', { held: true }), supervision: crashed });
    expect(found).toMatchObject({ state: 'failing', fix: 'hatago restart github' });
    expect(found.message).toBe('It ended with 3; it is not started again by itself.');
  });

  it('is disabled by the configuration, or by hand, each with the way back', () => {
    expect(readiness({ server: { disabled: true, start: 'eager' }, status: undefined })).toMatchObject({
      state: 'disabled',
      fix: 'hatago config set mcpServers.github.disabled false',
    });
    const byHand = supervision({ reason: 'it was stopped by hand' });
    expect(readiness({ status: status('stopped', { held: true }), supervision: byHand })).toMatchObject({
      state: 'disabled',
      message: 'It is stopped: it was stopped by hand.',
      fix: 'hatago start github',
    });
  });

  it('is ready with a warning where one of its lists cannot be read', () => {
    const found = readiness({ listError: 'it answered with error -32603' });
    expect(found).toMatchObject({ state: 'ready', code: 'HATAGO_UPSTREAM_PROTOCOL', fix: 'hatago inspect github' });
  });
});
