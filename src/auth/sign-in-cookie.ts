import * as z from "zod";
import { createSeal } from "../core/seal.ts";
import { hostCookie, readHostCookie } from "./host-cookie.ts";

/** Long enough to find one's second factor. */
export const SIGN_IN_MS = 10 * 60 * 1_000;
const COOKIE = "sign-in";
/** Browsers drop a cookie past 4,096 bytes, name and attributes included. */
const MAX_VALUE = 3_800;

const begun = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** A path of ours. */
  next: z.string(),
  /** The code of the invitation that is accepted with it. */
  invitation: z.string().optional(),
  /** Epoch ms. */
  at: z.number(),
});

/** A sign-in at a provider that this browser has begun. */
export type BegunSignIn = Readonly<z.infer<typeof begun>>;

export type SignInCookies = Readonly<{
  /** The `Set-Cookie`. `home` in place of a `next` that is too long to be kept. */
  write: (origin: string, sign: BegunSignIn, home: string) => Promise<string>;
  /** Undefined for one that was not begun here, or too long ago. */
  read: (request: Request, origin: string) => Promise<BegunSignIn | undefined>;
  clear: (origin: string) => string;
}>;

/** Kept by the browser that began it, where nobody else's callback can use it; sealed, because the
 * verifier is a secret towards whoever reads the cookie. */
export function createSignInCookies(
  encryptionKey: string | undefined,
  now: () => number,
): SignInCookies {
  const seal = createSeal(encryptionKey, "sign-in");
  return {
    async write(origin, sign, home) {
      const whole = await seal.seal(JSON.stringify(sign));
      const value =
        whole.length <= MAX_VALUE
          ? whole
          : await seal.seal(JSON.stringify({ ...sign, next: home }));
      return hostCookie(origin, COOKIE, { value, seconds: SIGN_IN_MS / 1_000 });
    },
    async read(request, origin) {
      const value = readHostCookie(request, origin, COOKIE);
      if (value === undefined) return undefined;
      try {
        const sign = begun.parse(JSON.parse(await seal.open(value)));
        return sign.at + SIGN_IN_MS > now() ? sign : undefined;
      } catch {
        return undefined; // not sealed by us: as good as none
      }
    },
    clear: (origin) => hostCookie(origin, COOKIE, { value: "", seconds: 0 }),
  };
}
