import type { BackendName } from "../core/ids.ts";
import type { AuditConfig } from "./audit-config.ts";
import type { BackendOAuth } from "./backend-oauth.ts";
import type { Limits } from "./limits-config.ts";
import type { LlmConfig } from "./llm-config.ts";
import type { OpenapiConfig } from "./openapi-config.ts";
import type { OpenWebuiConfig } from "./open-webui-config.ts";
import type { PolicyConfig } from "./policy-config.ts";
import type { SignInConfig } from "./sign-in-config.ts";

/** The configuration after parsing: one spelling, every default filled in. */
export type GatewayConfig = Readonly<{
  backends: readonly BackendConfig[];
  /** Browser origins allowed at `/mcp` besides our own, Claude's and loopback. */
  allowedOrigins: readonly string[];
  /** Undefined: none are configured here; the Worker's variables may still name one. */
  llm: LlmConfig | undefined;
  openapi: OpenapiConfig;
  /** Undefined: what Open WebUI says of its people is not asked for. */
  openWebui: OpenWebuiConfig | undefined;
  policy: PolicyConfig;
  signIn: SignInConfig;
  audit: AuditConfig;
}>;

export type BackendConfig = Readonly<{
  name: BackendName;
  /** As it is written in the file, where that is no name of ours: REST callers know it by that. */
  alias?: string;
  transport: BackendTransport;
  /** Own names; unknown on every surface. */
  disabledTools: readonly string[];
  /** For one call, in milliseconds. */
  timeoutMs: number;
  /** Whose session it is where the backend issues session ids. */
  session: "per-user" | "shared";
  /** Calls go out with each caller's own credentials, not with the gateway's. */
  credentials?: "per-user";
  /** Undefined: the entry says nothing of OAuth. */
  oauth?: BackendOAuth;
  /** Of all callers together. */
  limits?: Limits;
  /** What becomes of tools that change after they were approved; see `trustOf` for the default. */
  trust?: Trust;
  /** A call that takes longer goes on in the background and its result is fetched later. */
  detachAfterMs?: number;
  /** Listed on while its connector is away. */
  whenOffline?: "keep";
  /** Said in place of the backend's own instructions; false: none are passed on. */
  instructions?: string | false;
  /** Which headers of a caller's request are passed on with its calls; none without. */
  forwardHeaders?: HeaderForwarding;
}>;

/** Served as they are; served, and told of; served only once they are approved. */
export const TRUSTS = ["off", "warn", "enforce"] as const;
export type Trust = (typeof TRUSTS)[number];

/** Patterns of header names in small letters, `*` for any run of characters; `deny` wins. */
export type HeaderForwarding = Readonly<{ allow: readonly string[]; deny: readonly string[] }>;

export type BackendTransport =
  | Readonly<{
      kind: "streamable-http" | "sse";
      /** As written: may hold `${NAME}`. */
      url: string;
      /** As written, verbatim: values may hold `${NAME}`. */
      headers: Readonly<Record<string, string>>;
    }>
  | Readonly<{ kind: "builtin"; builtin: BuiltinName }>
  /** Reached through the connector, which alone knows what to start. */
  | Readonly<{ kind: "stdio" }>;

export const BUILTIN_NAMES = ["time", "llm"] as const;
export type BuiltinName = (typeof BUILTIN_NAMES)[number];
