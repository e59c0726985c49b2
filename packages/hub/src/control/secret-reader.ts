/** Reads one secret for one server: the value, or why there is none, in words for a person. Never throws. */
export type SecretReader = (
  name: string,
  server: string,
) => { readonly ok: true; readonly value: string } | { readonly ok: false; readonly reason: string };

/** What a secret may be called; nothing that could name a path, a pattern or another reference. */
export const SECRET_NAME: RegExp = /^[A-Za-z0-9_.-]{1,128}$/;
