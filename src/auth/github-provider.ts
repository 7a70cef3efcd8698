import * as z from "zod";
import { GatewayError } from "../core/errors.ts";
import { libraryFetch } from "./library-fetch.ts";
import {
  nameText,
  type ProviderKind,
  type ProviderQuestion,
  subjectText,
} from "./provider-person.ts";

/** GitHub publishes no OpenID document; these are in its manual. */
const SERVER = {
  issuer: "https://github.com/login/oauth",
  authorization_endpoint: "https://github.com/login/oauth/authorize",
  token_endpoint: "https://github.com/login/oauth/access_token",
};
const API = "https://api.github.com";
const SCOPE = "read:user user:email";

const user = z.object({
  id: z.int().positive().transform(String).pipe(subjectText),
  login: z.string(),
  name: nameText.nullable().catch(null),
});
const emails = z.array(
  z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }),
);

/** GitHub speaks OAuth 2 alone: who it is, its API says. */
export const githubProvider: ProviderKind = {
  async begin({ provider, redirectUri, secrets }) {
    const oauth = await import("oauth4webapi");
    const url = new URL(SERVER.authorization_endpoint);
    url.search = new URLSearchParams({
      response_type: "code",
      client_id: provider.clientId,
      redirect_uri: redirectUri,
      scope: SCOPE,
      state: secrets.state,
      code_challenge: await oauth.calculatePKCECodeChallenge(secrets.verifier),
      code_challenge_method: "S256",
    }).toString();
    return url;
  },
  async finish(question, params) {
    const { provider, clientSecret = "", redirectUri, secrets, fetch } = question;
    const oauth = await import("oauth4webapi");
    const client = { client_id: provider.clientId };
    const checked = oauth.validateAuthResponse(SERVER, client, params, secrets.state);
    const response = await oauth.authorizationCodeGrantRequest(
      SERVER,
      client,
      oauth.ClientSecretPost(clientSecret),
      checked,
      redirectUri,
      secrets.verifier,
      { [oauth.customFetch]: libraryFetch(fetch) },
    );
    const tokens = await oauth.processAuthorizationCodeResponse(SERVER, client, response);
    const { id, login, name } = await ask("/user", user, tokens.access_token, question);
    const all = await ask("/user/emails", emails, tokens.access_token, question);
    return {
      issuer: provider.issuer,
      subject: id,
      name: name ?? login.slice(0, 100),
      // The others can be anybody's who once had them.
      verifiedEmail: all.find((one) => one.primary && one.verified)?.email,
    };
  },
};

async function ask<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  token: string,
  { fetch, provider }: ProviderQuestion,
): Promise<z.output<Schema>> {
  const response = await fetch(`${API}${path}`, {
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "user-agent": "mcp-edge-gateway", // refused without
    },
  });
  const parsed = response.ok ? schema.safeParse(await response.json()) : undefined;
  if (parsed?.success === true) return parsed.data;
  throw new GatewayError(
    "backend_failed",
    `Cannot sign in: provider "${provider.name}" did not say who you are`,
    { detail: `${path} answered ${response.status}` },
  );
}
