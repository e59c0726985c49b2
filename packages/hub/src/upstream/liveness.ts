import type { LinkFailure } from './link.ts';
import type { Peer, Reply } from './peer.ts';

/**
 * Makes the check whether a server is still there, for links that have no end of their own: called after a request came to
 * nothing, it asks once more, and only when that does not get through either the connection is given up.
 */
export function createLiveness(peer: Peer, ask: () => Promise<Reply>, lost: (why: LinkFailure) => void): () => void {
  let asking = false;
  return () => {
    if (asking || peer.closed !== undefined) return;
    asking = true;
    void ask().then(({ failure }) => {
      asking = false;
      if (failure === undefined || !isSilence(failure) || peer.closed !== undefined) return;
      void peer.close(failure.message);
      lost(failure);
    });
  };
}

/** Whether a failure may mean that the server is not there any more. */
export function isSilence(why: LinkFailure): boolean {
  return why.kind === 'unsent' || why.kind === 'lost';
}
