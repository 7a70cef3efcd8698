import { setTimeout as pause } from "node:timers/promises";
import type { Credentials } from "./gateway-door.ts";
import { discoverLogin } from "./login-discovery.ts";
import { requestToken } from "./login-requests.ts";
import type { Login, LoginStore } from "./login-store.ts";
import { signIn } from "./sign-in.ts";
import { NoAnswer, STDIO_CODES } from "./stdio-errors.ts";

/** A token that ends within this is renewed before it is used. */
const SOON_MS = 60_000;
/** Another process of this user may be the one that signs in. */
const LOOK_AGAIN_MS = 500;

export type LoginOptions = Readonly<{
  endpoint: URL;
  store: LoginStore;
  /** Opens the gateway's page; undefined where no browser may be opened. */
  show: ((url: string) => void) | undefined;
  /** How long a person has. */
  waitMs: number;
}>;

/**
 * The login of this user at the gateway: kept between starts, refreshed before it ends, and asked
 * for in a browser when there is none. Requests wait meanwhile.
 */
export function createLoginCredentials(options: LoginOptions): Credentials {
  const { store, show, waitMs } = options;
  let login: Login | undefined;
  let isRead = false;
  /** One at a time, whoever asks. */
  let renewing: Promise<void> | undefined;
  /** A window that nobody answered is not opened again and again. */
  let refusal: NoAnswer | undefined;

  async function renewOnce(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    renewing ??= work().finally(() => {
      renewing = undefined;
    });
    await untilAborted(renewing, signal);
  }

  /** False when the refresh token is not good any more. */
  async function refresh(refused: string | undefined): Promise<boolean> {
    const lock = await store.lock("refresh");
    try {
      login = await store.read();
      // Another process was faster.
      if (login !== undefined && login.accessToken !== refused) return true;
      if (login?.refreshToken === undefined) return false;
      const { tokenEndpoint, clientId, refreshToken, resource } = login;
      const token = await requestToken(tokenEndpoint, {
        grant_type: "refresh_token",
        client_id: clientId,
        refresh_token: refreshToken,
        resource,
      });
      if (token === undefined) return false;
      login = { ...login, ...token };
      await store.write(login);
      return true;
    } finally {
      await lock?.release();
    }
  }

  async function askPerson(
    refused: string | undefined,
    challenge: string | undefined,
  ): Promise<void> {
    if (refusal !== undefined) throw refusal;
    if (show === undefined) {
      throw new NoAnswer(
        STDIO_CODES.credential,
        "Cannot ask the gateway: nobody is signed in, and --no-login forbids to ask",
      );
    }
    const until = performance.now() + waitMs;
    try {
      let lock = await store.lock("login");
      while (lock === undefined && performance.now() < until) {
        await pause(LOOK_AGAIN_MS);
        login = await store.read();
        if (login !== undefined && login.accessToken !== refused) return;
        lock = await store.lock("login");
      }
      if (lock === undefined)
        throw notSignedIn("another window is open, and nobody has answered it");
      try {
        const place = await discoverLogin(options.endpoint, challenge);
        login = await signIn(place, { show, waitMs });
        await store.write(login);
      } finally {
        await lock.release();
      }
    } catch (error) {
      if (error instanceof NoAnswer && error.code === STDIO_CODES.credential) refusal = error;
      throw error;
    }
  }

  return {
    async current(signal) {
      if (renewing !== undefined) await untilAborted(renewing, signal);
      if (!isRead) {
        login = await store.read();
        isRead = true;
      }
      const token = login?.accessToken;
      const endsSoon = (login?.expiresAt ?? Number.POSITIVE_INFINITY) < Date.now() + SOON_MS;
      if (endsSoon && login?.refreshToken !== undefined) {
        // It may be good for a while yet: if not, the gateway says so.
        await renewOnce(async () => void (await refresh(token).catch(() => false)), signal);
      }
      return login === undefined ? undefined : `Bearer ${login.accessToken}`;
    },

    async renew(refused, { signal, challenge }) {
      const token = refused?.replace(/^Bearer /, "");
      if (login !== undefined && login.accessToken !== token) return;
      await renewOnce(async () => {
        if (!(await refresh(token))) await askPerson(token, challenge);
      }, signal);
    },
  };
}

function notSignedIn(reason: string): NoAnswer {
  return new NoAnswer(STDIO_CODES.credential, `Cannot sign in: ${reason}`);
}

/** A request that is given up does not take the login of all others with it. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
