/** A name that only its own parser can make; plain strings do not pass for it. */
export type Branded<Name extends string> = string & { readonly __brand: Name };

/** `^[a-z][a-z0-9-]{0,30}$` and not a reserved route word; made by `parseBackendName`. */
export type BackendName = Branded<"BackendName">;
/** The name callers see on `/mcp`: a pure function of the backend's name and the own name. */
export type ExposedName = Branded<"ExposedName">;
/** Opaque; clients can read it inside OAuth tokens, so it is never a mail address or a name. */
export type UserId = Branded<"UserId">;
