import { GatewayError } from "../core/errors.ts";

/** The backends that were ticked; undefined: all, those of tomorrow too. */
export type BackendChoice = readonly string[] | undefined;

/**
 * What a consent form chose among the backends that its page showed. A name that was not there is
 * no choice of the visitor's. Throws `invalid_params`.
 */
export function readChoice(form: URLSearchParams, shown: readonly string[]): BackendChoice {
  if (form.get("backends") !== "some") return undefined;
  const ticked = [...new Set(form.getAll("backend"))];
  if (ticked.length > 0 && ticked.every((name) => shown.includes(name))) return ticked.toSorted();
  throw new GatewayError(
    "invalid_params",
    "Cannot allow access: the form names a backend that is not there, open the page again",
  );
}
