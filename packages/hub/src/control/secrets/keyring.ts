/** The credential store of the operating system. */
export interface Keyring {
  /** What is kept under the name; undefined when nothing is, or the store cannot be reached. */
  get(account: string): string | undefined;
  /** Keeps a text; false when the store cannot. */
  set(account: string, text: string): boolean;
  remove(account: string): void;
}

/** The part we use of `@napi-rs/keyring`. */
interface KeyringModule {
  readonly Entry: new (
    service: string,
    account: string,
    options: { readonly linux: { readonly store: 'secret-service' } },
  ) => { getPassword(): string | null; setPassword(text: string): void; deletePassword(): boolean };
}

const SERVICE = 'hatago';
const PACKAGE = '@napi-rs/keyring';

/** By itself the module falls back to the keyring of the kernel, which forgets everything when the machine is started anew. */
const LASTING = { linux: { store: 'secret-service' } } as const;

let loaded: KeyringModule | null | undefined;

/**
 * The store of the operating system, if the optional native module is installed and `HATAGO_KEYRING` is not `off`. It is
 * loaded at first use; where there is no desktop session every operation fails quietly.
 */
export function openKeyring(env: Readonly<Record<string, string | undefined>>): Keyring | undefined {
  if (env['HATAGO_KEYRING'] === 'off') return undefined;
  const attempt = <T>(work: (module: KeyringModule) => T): T | undefined => {
    const module = load();
    if (module === null) return undefined;
    try {
      return work(module);
    } catch {
      return undefined;
    }
  };
  return {
    get: (account) => attempt(({ Entry }) => new Entry(SERVICE, account, LASTING).getPassword() ?? undefined),
    set: (account, text) =>
      attempt(({ Entry }) => {
        const entry = new Entry(SERVICE, account, LASTING);
        entry.setPassword(text);
        return entry.getPassword() === text;
      }) ?? false,
    remove: (account) => void attempt(({ Entry }) => new Entry(SERVICE, account, LASTING).deletePassword()),
  };
}

function load(): KeyringModule | null {
  if (loaded !== undefined) return loaded;
  try {
    loaded = process.getBuiltinModule('node:module').createRequire(import.meta.url)(PACKAGE) as KeyringModule;
  } catch {
    loaded = null;
  }
  return loaded;
}
