import { sha256Hex } from "../core/digest.ts";
import { createSeal } from "../core/seal.ts";
import { isForbiddenClientId, presentedClientIds } from "./client-id-url.ts";
import type { GrantRows } from "./grant-rows.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import type { OAuthEnv, OAuthServers } from "./oauth-server.ts";
import { TOKEN_PATH } from "./oauth-server.ts";

/** A request to `/oauth/token`, as plain data: it crosses into the object that holds the grant. */
export type TokenRequest = Readonly<{
  origin: string;
  /** `application/x-www-form-urlencoded`. */
  body: string;
  /** The client's own credentials, if it sends them this way. */
  authorization: string | null;
}>;

export type TokenAnswer = Readonly<{
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}>;

/** A client that lost an answer asks again within this; so do clients that ask several times at once. */
const REPEAT_MS = 30_000;
/** As long as a refresh token may live: an older one that comes back was stolen somewhere. */
const SPENT_MS = 31 * 24 * 3_600 * 1_000;
/** A client that refreshes without end fills nothing; five months of honest refreshing fit. */
const MAX_SPENT = 500;

export type TokenDeskNeeds = Readonly<{
  rows: GrantRows;
  servers: OAuthServers;
  env: OAuthEnv;
  now: () => number;
}>;

/**
 * `/oauth/token` for the grants of one user, one request per grant at a time. The library alone
 * leaves five of six parallel refreshes with dead tokens, and forgives a refresh token that was
 * used up long ago (RFC 9700 section 4.14.2 wants the family revoked).
 */
export class TokenDesk {
  readonly #needs: TokenDeskNeeds;
  readonly #queue = new KeyedQueue();

  constructor(needs: TokenDeskNeeds) {
    this.#needs = needs;
  }

  async answer(request: TokenRequest): Promise<TokenAnswer> {
    const form = new URLSearchParams(request.body);
    const clients = presentedClientIds(form, request.authorization);
    if (clients.some(isForbiddenClientId)) return UNKNOWN_CLIENT;
    const grant = presentedGrant(form);
    // Nothing to keep in order without a grant, and strangers must not queue before anybody.
    if (grant === undefined) return this.#ask(request);
    return this.#queue.run(grant.id, () => this.#inOrder(request, form, grant));
  }

  async #inOrder(
    request: TokenRequest,
    form: URLSearchParams,
    grant: PresentedGrant,
  ): Promise<TokenAnswer> {
    const { rows, now } = this.#needs;
    if (grant.kind === "revocation") {
      rows.removeAll(`repeat:${grant.id}:`);
      return this.#ask(request);
    }
    // Whoever repeats all of it holds the code and its verifier, or the refresh token, anyway.
    const fingerprint = JSON.stringify([
      request.origin,
      request.authorization,
      [...form.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ]);
    const repeatKey = `repeat:${grant.id}:${await sha256Hex(fingerprint)}`;
    // Sealed under the request itself, so that storage holds no token in clear.
    const seal = createSeal(fingerprint, "token-answer");
    const repeated = await rows.get(repeatKey);
    if (repeated !== null) return parseAnswer(await seal.open(repeated));

    const answer = await this.#ask(request);
    const spentKey = `spent:${grant.id}:${await sha256Hex(grant.credential)}`;
    if (answer.status !== 200) {
      if (grant.kind === "refresh" && (await this.#isReuse(answer, spentKey))) {
        await this.#revokeFamily(request.origin, grant);
      }
      return answer;
    }
    if (grant.kind === "refresh") {
      // The successor has been used: its predecessors' answers are of no honest use any more.
      rows.removeAll(`repeat:${grant.id}:`);
      await rows.put(spentKey, "1", { expires: now() + SPENT_MS });
      rows.trim(`spent:${grant.id}:`, MAX_SPENT);
    }
    await rows.put(repeatKey, await seal.seal(JSON.stringify(answer)), {
      expires: now() + REPEAT_MS,
    });
    return answer;
  }

  async #isReuse(answer: TokenAnswer, spentKey: string): Promise<boolean> {
    return (
      answer.body.includes('"invalid_grant"') && (await this.#needs.rows.get(spentKey)) !== null
    );
  }

  async #revokeFamily(origin: string, { id, user }: PresentedGrant): Promise<void> {
    const { servers, env, rows } = this.#needs;
    await servers(origin).getOAuthApi(env).revokeGrant(id, user);
    rows.removeAll(`repeat:${id}:`);
  }

  async #ask({ origin, body, authorization }: TokenRequest): Promise<TokenAnswer> {
    const { servers, env } = this.#needs;
    const response = await servers(origin).fetch(
      new Request(`${origin}${TOKEN_PATH}`, {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          ...(authorization === null ? {} : { authorization }),
        },
        body,
      }),
      env,
    );
    return {
      status: response.status,
      headers: Object.fromEntries(
        [...response.headers].filter(([name]) => !name.startsWith("access-control-")),
      ),
      body: await response.text(),
    };
  }
}

/** In the library's words for a document that it could not fetch. */
const UNKNOWN_CLIENT: TokenAnswer = {
  status: 401,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ error: "invalid_client", error_description: "Client not found" }),
};

type PresentedGrant = Readonly<{
  kind: "code" | "refresh" | "revocation";
  user: string;
  id: string;
  credential: string;
}>;

/** The grant a request speaks of: codes and tokens read `{user}:{grant}:{secret}`. */
function presentedGrant(form: URLSearchParams): PresentedGrant | undefined {
  const found = presentedCredential(form);
  if (found === undefined) return undefined;
  const [user, id, secret] = found.credential.split(":");
  if (user === undefined || id === undefined || secret === undefined) return undefined;
  return { ...found, user, id };
}

function presentedCredential(
  form: URLSearchParams,
): Pick<PresentedGrant, "kind" | "credential"> | undefined {
  const code = form.get("code");
  const refresh = form.get("refresh_token");
  const token = form.get("token");
  switch (form.get("grant_type")) {
    case "authorization_code":
      return code === null ? undefined : { kind: "code", credential: code };
    case "refresh_token":
      return refresh === null ? undefined : { kind: "refresh", credential: refresh };
    case null:
      return token === null ? undefined : { kind: "revocation", credential: token };
    default:
      return undefined;
  }
}

/** The user whose object answers a token request; undefined when the form names none. */
export function userOfTokenRequest(body: string): string | undefined {
  return presentedGrant(new URLSearchParams(body))?.user;
}

function parseAnswer(text: string): TokenAnswer {
  const answer: TokenAnswer = JSON.parse(text); // sealed by us: nobody else can have written it
  return answer;
}
