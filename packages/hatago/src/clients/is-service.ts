import { readFileSync } from 'node:fs';
import { findServiceManager } from '../service/manager.ts';

/** Whether the system starts the hub of this configuration by itself, so that its endpoint can be counted on. */
export function isService(config: string): boolean {
  try {
    return readFileSync(findServiceManager().fileOf('hatago'), 'utf8').includes(config);
  } catch {
    return false;
  }
}
