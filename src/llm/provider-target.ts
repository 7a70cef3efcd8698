import type { ProfileName, ProviderConfig } from "../config/llm-config.ts";
import { resolveSecrets, secretsIn } from "../config/secrets.ts";
import { GATEWAY_INFO } from "../core/gateway-info.ts";
import { type Blame, requireAllowedTarget } from "../core/outbound.ts";
import { apiKeyProblem, headerProblem } from "../core/target-rules.ts";
import { ProviderError } from "./provider-error.ts";

/** What is asked of a provider over HTTP. */
export type Errand = Readonly<
  { kind: "chat" | "embeddings"; model: string } | { kind: "models"; model?: undefined }
>;

export type ProviderTarget = Readonly<{
  url: string;
  headers: Readonly<Record<string, string>>;
}>;

export type TargetNeeds = Readonly<{
  variables: Readonly<Record<string, unknown>>;
  privateOrigins: readonly string[];
  blame: Blame;
}>;

/** The last version of Azure's deployments API that is not a preview. */
const AZURE_VERSION = "2024-10-21";
const ANTHROPIC_VERSION = "2023-06-01";
/** One page: Anthropic tells of twenty at a time, and of at most a thousand. */
const ANTHROPIC_MODELS = "/models?limit=1000";
/** Workers AI has no list in OpenAI's shape. */
const CLOUDFLARE_MODELS = "/models/search?task=Text%20Generation&per_page=1000";

const PATHS = {
  chat: "/chat/completions",
  embeddings: "/embeddings",
  models: "/models",
} as const satisfies Record<Errand["kind"], string>;

/** Address, credential and headers, secrets put in at this moment. Throws where one is missing. */
export function resolveProvider(
  provider: ProviderConfig,
  errand: Errand,
  needs: TargetNeeds,
): ProviderTarget {
  const resolve = (text: string): string => resolveText(text, needs);
  const base = resolve(provider.baseUrl);
  const key = provider.apiKey === undefined ? undefined : resolve(provider.apiKey);
  const own: Record<string, string> = {};
  for (const [name, written] of Object.entries(provider.headers)) {
    own[name.toLowerCase()] = checkedHeader(name, resolve(written), needs.blame);
  }
  const url = requireAllowedTarget(
    { url: addressOf(provider, base, errand), privateOrigins: needs.privateOrigins },
    needs.blame,
  );
  return {
    url: url.href,
    // What the owner writes is meant.
    headers: {
      ...credentialOf(provider.profile, { key, own, errand, blame: needs.blame }),
      ...own,
    },
  };
}

function addressOf({ profile, apiVersion }: ProviderConfig, base: string, errand: Errand): string {
  if (profile === "azure") return azureAddress(base, apiVersion, errand);
  const isModels = errand.kind === "models";
  if (isModels && profile === "anthropic") return base + ANTHROPIC_MODELS;
  if (isModels && /^https:\/\/api\.cloudflare\.com\/.*\/ai\/v1$/.test(base)) {
    return base.replace(/\/v1$/, CLOUDFLARE_MODELS);
  }
  return base + PATHS[errand.kind];
}

/** `…/openai/v1` is called as OpenAI is; otherwise the model is a deployment in the path. */
function azureAddress(base: string, apiVersion: string | undefined, errand: Errand): string {
  const path = PATHS[errand.kind];
  if (base.endsWith("/v1")) {
    return apiVersion === undefined ? base + path : `${base}${path}?${versionQuery(apiVersion)}`;
  }
  const root = base.replace(/\/openai(\/deployments(\/[^/]*)?)?$/, "");
  const deployment =
    errand.kind === "models" ? "" : `/deployments/${encodeURIComponent(errand.model)}`;
  return `${root}/openai${deployment}${path}?${versionQuery(apiVersion ?? AZURE_VERSION)}`;
}

function versionQuery(version: string): string {
  return new URLSearchParams({ "api-version": version }).toString();
}

type Credential = Readonly<{
  key: string | undefined;
  /** Names in lower case. */
  own: Readonly<Record<string, string>>;
  errand: Errand;
  blame: Blame;
}>;

function credentialOf(
  profile: ProfileName,
  { key, own, errand, blame }: Credential,
): Record<string, string> {
  // Its page of models is part of its own API, which knows the key under another name.
  const isAnthropicList = profile === "anthropic" && errand.kind === "models";
  const general: Record<string, string> = {
    ...(isAnthropicList ? { "anthropic-version": ANTHROPIC_VERSION } : {}),
    // The address of an app would put it on public lists there: that is for its owner to say.
    ...(profile === "openrouter" ? { "x-title": GATEWAY_INFO.title } : {}),
  };
  if (key === undefined) return general;
  const problem = apiKeyProblem(key);
  if (problem !== undefined) {
    throw misconfigured(blame, `has an unusable API key: wanted ${problem}`);
  }
  if (isAnthropicList) return { ...general, "x-api-key": key };
  if (profile === "azure") return { ...general, "api-key": key };
  // With the gateway's own token among the headers, the key is the provider's behind it.
  if (profile === "ai-gateway" && own["cf-aig-authorization"] === undefined) {
    return { ...general, "cf-aig-authorization": `Bearer ${key}` };
  }
  return { ...general, authorization: `Bearer ${key}` };
}

function resolveText(text: string, { variables, blame }: TargetNeeds): string {
  const resolved = resolveSecrets(text, secretsIn(variables));
  const [missing] = resolved.missing;
  if (missing === undefined) return resolved.text;
  throw misconfigured(blame, `needs the secret "${missing}", which is not set`);
}

function checkedHeader(name: string, value: string, blame: Blame): string {
  const problem = headerProblem(name, value);
  if (problem === undefined) return value;
  throw misconfigured(blame, `has a header "${name}" that needs ${problem}`);
}

function misconfigured({ action, backend }: Blame, reason: string): ProviderError {
  return new ProviderError(
    "backend_unavailable",
    `Cannot ${action}: provider "${backend}" ${reason}`,
  );
}
