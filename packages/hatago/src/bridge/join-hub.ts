import { type Bridge, createBridge } from './bridge.ts';
import { findHub, type HubPlace } from './find-hub.ts';
import { leaveSeat } from './seat.ts';

/** How a process finds out what it is to be. */
export interface JoinOptions {
  readonly place: HubPlace;
  /** Runs the command that serves the configuration, which finds its seat prepared. */
  serve(): void | Promise<void>;
}

/**
 * Makes this process a bridge between its standard streams and the hub of a configuration, or the hub itself where there
 * is none. Resolves when the hub was begun to be served; a bridge ends the process when it is done.
 */
export async function joinHub({ place, serve }: JoinOptions): Promise<void> {
  let hasServed = false;
  const bridge: Bridge = createBridge({
    place,
    input: process.stdin,
    output: process.stdout,
    takeOver({ lock, isShared }) {
      if (hasServed) return Promise.resolve(undefined);
      hasServed = true;
      optimize(true);
      return new Promise((resolve) => {
        const failed = (): void => resolve(undefined);
        leaveSeat({ lock, isShared, takeover: { ready: resolve, failed, ending: () => bridge.tellEnd() } });
        Promise.resolve(serve()).catch(failed);
      });
    },
  });
  const found = await findHub(place, bridge.events);
  if (found.kind === 'seat') {
    leaveSeat({ lock: found.lock, isShared: found.isShared });
    await serve();
    return;
  }
  optimize(false);
  const end = await bridge.run(found.link);
  // Where the hub is this process itself, it goes on for its other clients.
  if (!hasServed || end === 'failed') process.exit(end === 'failed' ? 1 : 0);
}

const FIRST_WITH_MAGLEV = 22;

/**
 * Has V8 compile hot code or leave it. What compiling takes is more than all else a bridge takes (10 MB of 18, measured),
 * and saves a hundredth of a millisecond per message. A hub needs it, and code that was left compiled by earlier ones is
 * of use only under the flags it was left under.
 */
function optimize(isOn: boolean): void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  const no = isOn ? '' : 'no-';
  setFlagsFromString(`--${no}opt`);
  if (Number.parseInt(process.versions.node, 10) >= FIRST_WITH_MAGLEV) setFlagsFromString(`--${no}maglev`);
}
