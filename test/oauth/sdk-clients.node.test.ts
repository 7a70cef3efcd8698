import { Client as ModernClient } from "@modelcontextprotocol/client";
import {
  StreamableHTTPClientTransport as ModernTransport,
  UnauthorizedError as ModernUnauthorizedError,
} from "@modelcontextprotocol/client";
import {
  UnauthorizedError,
  type OAuthClientProvider,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type {
  OAuthClientInformationMixed,
  OAuthTokens,
} from "@modelcontextprotocol/sdk/shared/auth.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openConsent, redirectOf, submitConsent } from "../support/oauth-flow.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

const INFO = { name: "sdk client", version: "1" };

let gateway: StartedGateway;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

/** A native app's side of OAuth, as the SDKs ask for it, with what it remembers open to see. */
class AppMemory implements OAuthClientProvider {
  readonly redirectUrl = "http://127.0.0.1:33418/callback";
  readonly clientMetadata = {
    client_name: "sdk client",
    redirect_uris: [this.redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  asked: URL | undefined;
  saved: OAuthTokens | undefined;
  #client: OAuthClientInformationMixed | undefined;
  #verifier = "";

  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.#client;
  }
  saveClientInformation(client: OAuthClientInformationMixed): void {
    this.#client = client;
  }
  tokens(): OAuthTokens | undefined {
    return this.saved;
  }
  saveTokens(tokens: OAuthTokens): void {
    this.saved = tokens;
  }
  redirectToAuthorization(url: URL): void {
    this.asked = url;
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }
  codeVerifier(): string {
    return this.#verifier;
  }
}

/** What the owner does in the browser; ends with the parameters the app is called back with. */
async function allow(app: AppMemory): Promise<URLSearchParams> {
  const url = app.asked;
  if (url === undefined) throw new Error("the app was not sent to the browser");
  const consent = await openConsent(fetch, { url, verifier: "", state: "" });
  const decided = await submitConsent(fetch, consent, { password: gateway.ownerPassword });
  return redirectOf(decided).searchParams;
}

for (const path of ["/mcp", "/mcp/time"]) {
  test(`signs a client of the 2025 line in at ${path}, and refreshes for it`, async () => {
    const app = new AppMemory();
    const url = new URL(gateway.url + path);
    const first = new StreamableHTTPClientTransport(url, { authProvider: app });
    await expect(new Client(INFO).connect(first)).rejects.toThrow(UnauthorizedError);
    await first.finishAuth((await allow(app)).get("code") ?? "");
    const before = app.saved;

    const client = new Client(INFO);
    await client.connect(new StreamableHTTPClientTransport(url, { authProvider: app }));
    expect((await client.listTools()).tools.length).toBe(2);
    await client.close();

    app.saved = { ...before, access_token: "stale", token_type: "bearer" };
    const later = new Client(INFO);
    await later.connect(new StreamableHTTPClientTransport(url, { authProvider: app }));
    expect((await later.listTools()).tools.length).toBe(2);
    expect(app.saved.refresh_token).not.toBe(before?.refresh_token);
    await later.close();
  });

  test(`signs a client of the 2026 line in at ${path}`, async () => {
    const app = new AppMemory();
    const url = new URL(gateway.url + path);
    const first = new ModernTransport(url, { authProvider: app });
    await expect(new ModernClient(INFO).connect(first)).rejects.toThrow(ModernUnauthorizedError);
    await first.finishAuth(await allow(app));

    const client = new ModernClient(INFO, { versionNegotiation: { mode: "auto" } });
    await client.connect(new ModernTransport(url, { authProvider: app }));
    expect((await client.listTools()).tools.length).toBe(2);
    await client.close();
  });
}
