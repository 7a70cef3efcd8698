import type { BackendName } from "../core/ids.ts";

/** Of several logins of a user at one backend, the one that an address names. */
export type ChosenAccount = Readonly<{ backend: BackendName; name: string }>;
