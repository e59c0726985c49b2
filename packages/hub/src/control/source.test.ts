import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_LOG } from '../core/log.ts';
import { createEvents } from '../observe/events.ts';
import type { Controller } from './control-plane.ts';
import { createController } from './controller.ts';
import { loadConfig } from './load.ts';
import { createFileSource } from './source.ts';

let folder: string;
let file: string;
const running: Controller[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hatago-source-'));
  file = join(folder, 'hatago.config.jsonc');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((controller) => controller.close('the test is over')));
  rmSync(folder, { recursive: true, force: true });
});

const write = (maxLength: number, more = ''): void =>
  writeFileSync(file, `{ // mine\n "toolNaming": { "maxLength": ${maxLength} }${more} }`);

/** One run of a hub with this file. */
function start(): Controller {
  const load = (text?: string): ReturnType<typeof loadConfig> =>
    loadConfig(file, {}, text === undefined ? {} : { text });
  const first = load();
  if (!first.ok) throw new Error(first.error.join());
  const controller = createController({
    config: first.value.config,
    registered: [],
    source: createFileSource({ file, load, first: first.value }),
    watch: false,
    folder,
    home: join(folder, 'home'),
    sealKeys: [new Uint8Array(32).fill(1)],
    deps: { now: () => performance.now(), hubInfo: { name: 'h', version: '0' } },
    events: createEvents({ now: Date.now }),
    log: NO_LOG,
  });
  running.push(controller);
  return controller;
}

describe('a configuration in a file', () => {
  it('is read again with every reload, and watched with all it is made of', async () => {
    write(30);
    const controller = start();
    write(40);
    expect(await controller.reload()).toMatchObject({ outcome: 'applied', diff: { settings: ['toolNaming'] } });
    expect(controller.config.toolNaming.maxLength).toBe(40);
    writeFileSync(file, '{ half');
    const { outcome, errors } = await controller.reload();
    expect(outcome).toBe('failed');
    expect(errors[0]).toContain(`${file}:1:`);
  });

  it('can be gone back to by a later run, as it was written', async () => {
    write(30);
    const first = start();
    write(40);
    await first.reload();
    await first.close('the end of the first run');
    const second = start();
    expect(second.generations().map(({ id, state }) => [id, state])).toEqual([
      [2, 'active'],
      [1, 'retired'],
    ]);
    expect(await second.rollback(1)).toMatchObject({ outcome: 'applied', generation: 3 });
    expect(second.config.toolNaming.maxLength).toBe(30);
    await second.close('the end of the second run');
    expect(
      start()
        .generations()
        .map(({ id, origin }) => [id, origin]),
    ).toEqual([
      [4, 'start'],
      [3, 'rollback'],
      [2, 'start'],
      [1, 'start'],
    ]);
  });

  it('cannot be gone back to where it held a secret itself', async () => {
    write(30, ', "mcpServers": { "a": { "command": "x", "disabled": true, "env": { "API_KEY": "sesame" } } }');
    const first = start();
    write(40);
    await first.reload();
    await first.close('the end of the first run');
    await expect(start().rollback(1)).rejects.toThrow('The configuration of generation 1 was not kept');
  });
});
