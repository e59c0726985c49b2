import { describe, expect, it } from 'vitest';
import { legacyCapabilities, modernCapabilities, modernServerCapabilities, TASKS_EXTENSION } from './capabilities.ts';

describe('client capabilities', () => {
  it.each([
    [{}, {}],
    [{ elicitation: {} }, { elicitation: { form: {} } }],
    [{ elicitation: { url: {} } }, { elicitation: { url: {} } }],
    [{ elicitation: { form: {}, url: {} } }, { elicitation: { form: {}, url: {} } }],
    [{ elicitation: { x: 1 } }, { elicitation: { x: 1, form: {} } }],
    [
      { roots: { listChanged: true }, sampling: { tools: {} }, vendor: 1, tasks: { list: {} } },
      { roots: { listChanged: true }, sampling: { tools: {} }, vendor: 1 },
    ],
  ])('of a legacy client: %j are in the modern shape %j', (legacy, modern) => {
    expect(modernCapabilities(legacy)).toEqual(modern);
  });

  it.each([
    [{ elicitation: { form: {}, url: {} } }, '2025-11-25', { elicitation: { form: {}, url: {} } }],
    [{ elicitation: {} }, '2025-11-25', { elicitation: { form: {} } }],
    [{ elicitation: { form: {}, url: {} } }, '2025-06-18', { elicitation: {} }],
    [{ elicitation: { url: {} } }, '2025-06-18', {}],
    [{ elicitation: { form: {} } }, '2025-03-26', {}],
    [{ sampling: {}, extensions: { [TASKS_EXTENSION]: {} } }, '2025-11-25', { sampling: {} }],
    [{ extensions: { [TASKS_EXTENSION]: {}, 'x/ui': {} } }, '2025-11-25', { extensions: { 'x/ui': {} } }],
  ])('%j are declared to a server of %s as %j', (modern, version, legacy) => {
    expect(legacyCapabilities(modern, version)).toEqual(legacy);
  });

  it('are declared to a server of the newest legacy version unless told otherwise', () => {
    expect(legacyCapabilities({ elicitation: { url: {} } })).toEqual({ elicitation: { url: {} } });
  });

  it('are never changed in place', () => {
    const given = Object.freeze({
      elicitation: Object.freeze({}),
      extensions: Object.freeze({ [TASKS_EXTENSION]: {} }),
    });
    modernCapabilities(given);
    legacyCapabilities(given);
    expect(given).toEqual({ elicitation: {}, extensions: { [TASKS_EXTENSION]: {} } });
  });
});

describe('modernServerCapabilities', () => {
  it.each([
    [{ tools: { listChanged: true } }, { tools: { listChanged: true } }],
    [{ tasks: {} }, { extensions: { [TASKS_EXTENSION]: {} } }],
    [{ tasks: { list: {} }, extensions: { x: 1 } }, { extensions: { x: 1, [TASKS_EXTENSION]: {} } }],
    [{ tasks: true }, {}],
  ])('shows %j as %j', (legacy, modern) => {
    expect(modernServerCapabilities(legacy)).toEqual(modern);
  });
});
