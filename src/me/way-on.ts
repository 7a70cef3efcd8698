import { isPlainPath } from "../pages/plain-path.ts";
import { SIGN_IN_PATH } from "../pages/require-visitor.ts";

/** Where somebody ends up who came from nowhere in particular. */
const HOME = "/me";
/** For reading a path as a browser does. */
const ANYWHERE = "https://gateway.invalid";

/**
 * Where one is led after signing in: a path of ours that shows something. One that begins to sign in
 * would do so with the invitation in it, which another site may have put there.
 */
export function wayOn(text: string | undefined): string {
  if (text === undefined || !isPlainPath(text)) return HOME;
  const path = decoded(new URL(text, ANYWHERE).pathname);
  return path === undefined || path.startsWith(`${SIGN_IN_PATH}/`) ? HOME : text;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // no page of ours is called so
  }
}
