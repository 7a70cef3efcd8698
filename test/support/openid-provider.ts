import { once } from "node:events";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";
import { freePort } from "./child.ts";

export type OpenIdProvider = Readonly<{
  issuer: string;
  clientId: string;
  clientSecret: string;
  stop: () => void;
}>;

/**
 * A certified OpenID provider on loopback with its own pages to sign in: whoever signs in as
 * `ann@example.com` with any password is the subject `ann@example.com`, with that verified address.
 */
export async function startOpenIdProvider(
  redirectUris: readonly string[],
): Promise<OpenIdProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const clientId = "the gateway";
  const clientSecret = "secret-of-the-gateway-at-the-provider";
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [...redirectUris],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    pkce: { required: () => true },
    // Longer than a test; without, it says so on every use.
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    cookies: { keys: ["cookie key of the tests"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: id, email_verified: true, name: id.split("@")[0] }),
    }),
  });
  const answer = provider.callback();
  const server = createServer((request, response) => void answer(request, response));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    issuer,
    clientId,
    clientSecret,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** As many pages as a sign-in has, and a few more. */
const MAX_STEPS = 20;

/** A browser without a window: keeps cookies per host, and follows where it is sent. */
export class PlainBrowser {
  readonly #cookies = new Map<string, Map<string, string>>();

  async ask(url: string, form?: Readonly<Record<string, string>>): Promise<Response> {
    const { host, origin } = new URL(url);
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    const response = await fetch(url, {
      redirect: "manual",
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(form === undefined ? {} : { origin, "sec-fetch-site": "same-origin" }),
      },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      if (at < pair.length - 1) jar.set(pair.slice(0, at), pair.slice(at + 1));
      else jar.delete(pair.slice(0, at));
    }
    return response;
  }

  /** From `url` on, signing in at the provider on the way, up to a page that is not the provider's. */
  async signIn(url: string, provider: OpenIdProvider, login: string): Promise<Response> {
    let at = url;
    let response = await this.ask(at);
    for (let step = 0; step < MAX_STEPS; step += 1) {
      const location = response.headers.get("location");
      if (location !== null) {
        at = new URL(location, at).href;
        // oxlint-disable-next-line no-await-in-loop -- one page after the other
        response = await this.ask(at);
        continue;
      }
      if (!at.startsWith(provider.issuer)) return response;
      // oxlint-disable-next-line no-await-in-loop
      const html = await response.text();
      const action = /<form[^>]*action="([^"]*)"/.exec(html)?.[1];
      const prompt = /name="prompt" value="([^"]*)"/.exec(html)?.[1];
      if (action === undefined || prompt === undefined) {
        throw new Error(`no form at ${at}: ${response.status} ${html.slice(0, 500)}`);
      }
      at = new URL(action, at).href;
      // oxlint-disable-next-line no-await-in-loop
      response = await this.ask(at, { prompt, login, password: "any" });
    }
    throw new Error(`never came back from the provider: ${at}`);
  }
}
