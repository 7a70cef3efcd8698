import * as z from "zod";
import { GatewayError } from "../core/errors.ts";
import { type OAuthClient, errorIn, reasonIn } from "./authorization-client.ts";
import { type LoginSite, loginFailure, request } from "./authorization-fetch.ts";
import type { Authorization } from "./find-authorization.ts";

/** RFC 6749 section 5.1; some write the number as a text. */
const tokenAnswer = z.looseObject({
  access_token: z
    .string()
    .max(16_384)
    .regex(/^[\x21-\x7e]+$/),
  token_type: z.string(),
  expires_in: z.coerce.number().positive().optional().catch(undefined),
  refresh_token: z.string().min(1).max(16_384).optional(),
  scope: z.string().max(10_000).optional(),
});

export type Tokens = Readonly<{
  access: string;
  refresh: string | undefined;
  scope: string | undefined;
  /** Epoch ms; undefined: it does not say. */
  expires: number | undefined;
}>;

/** The server has said for good that this login is no more: asking again would change nothing. */
export class LoginOver extends Error {
  override readonly name = "LoginOver";
  /** Whether it no longer knows us, rather than the login. */
  readonly ofClient: boolean;

  constructor(reason: string, ofClient: boolean) {
    super(reason);
    this.ofClient = ofClient;
  }
}

const OVER: ReadonlySet<string> = new Set([
  "invalid_grant",
  "invalid_client",
  "unauthorized_client",
]);

/** Of one kind of token request; throws LoginOver and GatewayError. */
export async function requestTokens(
  site: LoginSite,
  {
    server,
    client,
    grant,
  }: Readonly<{
    server: Pick<Authorization, "tokenEndpoint" | "resource">;
    client: OAuthClient;
    grant: Readonly<Record<string, string>>;
  }>,
): Promise<Tokens> {
  const asked = Date.now();
  const form = new URLSearchParams({ ...grant, resource: server.resource });
  const { status, json } = await request(site, new URL(server.tokenEndpoint), {
    method: "POST",
    ...asClient(client, form),
  });
  const error = status >= 400 && status < 500 ? errorIn(json) : undefined;
  if (error !== undefined && OVER.has(error)) {
    throw new LoginOver(`was refused${reasonIn(json)}`, error !== "invalid_grant");
  }
  const tokens = tokenAnswer.safeParse(json).data;
  if (status !== 200 || tokens === undefined) {
    throw loginFailure(site, `gave no token (HTTP ${status})${reasonIn(json)}`);
  }
  if (tokens.token_type.toLowerCase() !== "bearer") {
    throw loginFailure(site, "gave a token of another type than Bearer");
  }
  return {
    access: tokens.access_token,
    refresh: tokens.refresh_token,
    scope: tokens.scope,
    expires: tokens.expires_in === undefined ? undefined : asked + tokens.expires_in * 1_000,
  };
}

/** RFC 7009; what cannot be revoked ends by itself. */
export async function revokeToken(
  site: LoginSite,
  {
    endpoint,
    client,
    token,
    hint,
  }: Readonly<{
    endpoint: string;
    client: OAuthClient;
    token: string;
    hint: "access_token" | "refresh_token";
  }>,
): Promise<void> {
  const form = new URLSearchParams({ token, token_type_hint: hint });
  try {
    await request(site, new URL(endpoint), { method: "POST", ...asClient(client, form) });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
  }
}

function asClient(
  { id, secret = "", method }: OAuthClient,
  form: URLSearchParams,
): Pick<RequestInit, "headers" | "body"> {
  const headers: Record<string, string> = {
    "content-type": "application/x-www-form-urlencoded",
    accept: "application/json",
  };
  if (method === "client_secret_basic") {
    headers["authorization"] = `Basic ${btoa(`${formEncode(id)}:${formEncode(secret)}`)}`;
  } else {
    form.set("client_id", id);
    if (method === "client_secret_post") form.set("client_secret", secret);
  }
  return { headers, body: form.toString() };
}

/** RFC 6749 section 2.3.1: both halves are encoded before they are joined. */
function formEncode(text: string): string {
  return new URLSearchParams({ text }).toString().slice("text=".length);
}
