import type { Registry } from "../config/registry.ts";
import { resolveSecrets, secretsIn } from "../config/secrets.ts";
import type { SignInProvider } from "../config/sign-in-config.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import { randomToken, secretsEqual, sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import { createGuardedFetch } from "../core/guarded-fetch.ts";
import type { UserId } from "../core/ids.ts";
import type { Fetch } from "../core/outbound.ts";
import { admitPerson, type AdmitNeeds } from "./admit-person.ts";
import { attemptSource } from "./attempt-source.ts";
import { githubProvider } from "./github-provider.ts";
import { createOidcProvider } from "./oidc-provider.ts";
import type { ProviderKind, ProviderQuestion, SignInSecrets } from "./provider-person.ts";
import { createSignInCookies, SIGN_IN_MS } from "./sign-in-cookie.ts";

export const CALLBACK_PATH = "/me/callback";
/** Where somebody ends up who came from nowhere in particular. */
const HOME = "/me";
/** Each is a request to a provider of the owner's choice; people need a few. */
const TRIES_PER_SOURCE = 60;

type Context = Readonly<{ waitUntil: (work: Promise<unknown>) => void }>;

type Asked = Readonly<{ request: Request; origin: string; context: Context }>;

/** Signing in where one is known already. */
export type ProviderSignIn = Readonly<{
  /** Where the browser goes, and the `Set-Cookie` by which it is known when it comes back. */
  begin: (
    name: string,
    asked: Asked & Readonly<{ next: string; invitation: string | undefined }>,
  ) => Promise<Readonly<{ location: string; cookie: string }>>;
  /** Throws `invalid_request`, `forbidden`, `backend_failed`, `backend_unavailable`. */
  finish: (
    name: string,
    asked: Asked,
  ) => Promise<Readonly<{ userId: UserId; next: string; cookie: string }>>;
}>;

export type ProviderSignInNeeds = AdmitNeeds &
  Readonly<{
    snapshots: SnapshotSource;
    registry: () => Pick<Registry, "countAttempt">;
    variables: Readonly<Record<string, unknown>>;
    encryptionKey: string | undefined;
    fetch: Fetch;
    /** What the owner needs to know and nobody else may: no codes and no tokens. */
    onRefusal: (refusal: Readonly<{ provider: string; reason: string }>) => void;
    now: () => number;
  }>;

export function createProviderSignIn(needs: ProviderSignInNeeds): ProviderSignIn {
  const { snapshots, registry, now } = needs;
  const cookies = createSignInCookies(needs.encryptionKey, now);
  const kinds: Readonly<Record<SignInProvider["kind"], ProviderKind>> = {
    oidc: createOidcProvider(now),
    github: githubProvider,
  };

  async function question(
    name: string,
    { origin, context }: Asked,
    secrets: SignInSecrets,
  ): Promise<ProviderQuestion> {
    const { config, privateOrigins } = await snapshots.current(context);
    const provider = config.signIn.providers.find((one) => one.name === name);
    if (provider === undefined) {
      throw new GatewayError(
        "not_found",
        `Cannot sign in: there is no provider "${name.slice(0, 40)}"`,
      );
    }
    const issuer = new URL(provider.issuer);
    return {
      provider,
      clientSecret: readSecret(provider, needs.variables),
      redirectUri: `${origin}${CALLBACK_PATH}/${provider.name}`,
      secrets,
      fetch: createGuardedFetch({
        fetch: needs.fetch,
        privateOrigins,
        blame: { action: "sign in", backend: provider.name, noun: "provider" },
      }),
      isInsecure: issuer.protocol === "http:" && privateOrigins.includes(issuer.origin),
    };
  }

  async function requireTry(request: Request): Promise<void> {
    const { allowed, retryAfter } = await registry().countAttempt({
      bucket: `sign-in:${attemptSource(request)}`,
      limit: TRIES_PER_SOURCE,
      windowMs: SIGN_IN_MS,
    });
    if (allowed) return;
    throw new GatewayError("rate_limited", "Cannot sign in: too many attempts", { retryAfter });
  }

  /** In our own words for whoever is in front of the browser, and in the library's for the log. */
  async function telling<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      const known = await asRefusal(name, error);
      needs.onRefusal({ provider: name, reason: known.detail ?? known.message });
      throw known;
    }
  }

  return {
    async begin(name, asked) {
      await requireTry(asked.request);
      const secrets = { state: randomToken(32), nonce: randomToken(32), verifier: randomToken(32) };
      return telling(name.slice(0, 40), async () => {
        const asking = await question(name, asked, secrets);
        const location = await kinds[asking.provider.kind].begin(asking);
        const { next, invitation } = asked;
        const begun = {
          provider: name,
          ...secrets,
          next,
          at: now(),
          ...(invitation === undefined ? {} : { invitation }),
        };
        return {
          location: location.href,
          cookie: await cookies.write(asked.origin, begun, HOME),
        };
      });
    },
    async finish(name, asked) {
      const { request, origin } = asked;
      await requireTry(request);
      const params = new URL(request.url).searchParams;
      const begun = await cookies.read(request, origin);
      const [state = "", ...more] = params.getAll("state");
      // Before anything is asked of anybody: a link somebody else made leads nowhere.
      if (
        begun?.provider !== name ||
        more.length > 0 ||
        !(await secretsEqual(state, begun.state)) ||
        !(await isFirst(state))
      ) {
        throw new GatewayError(
          "invalid_request",
          "Cannot sign in: this browser has not just begun to, start again",
        );
      }
      return telling(name, async () => {
        const asking = await question(name, asked, begun);
        const person = await kinds[asking.provider.kind].finish(asking, params);
        const { provider } = asking;
        const { invitation } = begun;
        const userId = await admitPerson(needs, { person, provider, invitation });
        return { userId, next: begun.next, cookie: cookies.clear(origin) };
      });
    },
  };

  /** A state works once, as long as the cookie with it could come back. */
  async function isFirst(state: string): Promise<boolean> {
    const bucket = `sign-in-state:${(await sha256Hex(state)).slice(0, 32)}`;
    return (await registry().countAttempt({ bucket, limit: 1, windowMs: SIGN_IN_MS })).allowed;
  }
}

function readSecret(
  { name, clientSecret }: SignInProvider,
  variables: Readonly<Record<string, unknown>>,
): string | undefined {
  if (clientSecret === undefined) return undefined;
  const { text, missing } = resolveSecrets(clientSecret, secretsIn(variables));
  if (missing.length === 0) return text;
  throw new GatewayError(
    "unavailable",
    `Cannot sign in: provider "${name}" is not set up completely, tell the owner`,
    { detail: `the client secret needs ${missing.join(", ")}` },
  );
}

/** An error code of OAuth (RFC 6749 section 4.1.2.1); its description is a stranger's text. */
const ERROR_CODE = /^[a-z_]{1,40}$/;

async function asRefusal(name: string, error: unknown): Promise<GatewayError> {
  if (error instanceof GatewayError) return error;
  const oauth = await import("oauth4webapi");
  const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const detail = `${told} ${codeOf(error)}`.trim().slice(0, 300);
  if (error instanceof oauth.AuthorizationResponseError) {
    const code = ERROR_CODE.test(error.error) ? error.error : "an error";
    return new GatewayError("forbidden", `Cannot sign in: provider "${name}" said "${code}"`, {
      cause: error,
      detail,
    });
  }
  return new GatewayError(
    "backend_failed",
    `Cannot sign in: provider "${name}" gave an answer that is not valid`,
    { cause: error, detail },
  );
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const told = "error" in error ? error.error : "code" in error ? error.code : "";
  return typeof told === "string" ? told : "";
}
