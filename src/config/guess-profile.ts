import type { ProfileName } from "./llm-config.ts";

/** By the end of the host's name; the longer ones first. */
const BY_HOST: readonly (readonly [string, ProfileName])[] = [
  ["api.openai.com", "openai"],
  [".openai.azure.com", "azure"],
  [".cognitiveservices.azure.com", "azure"],
  [".services.ai.azure.com", "azure"],
  ["openrouter.ai", "openrouter"],
  ["gateway.ai.cloudflare.com", "ai-gateway"],
  ["generativelanguage.googleapis.com", "gemini"],
  ["api.anthropic.com", "anthropic"],
  ["api.mistral.ai", "mistral"],
  ["api.deepseek.com", "deepseek"],
];

const WORKERS_AI_PATH = /\/ai\/v1$/;
const OLLAMA_PORT = "11434";

/** Whose dialect an address speaks, as far as it shows. */
export function guessProfile(baseUrl: string): ProfileName {
  const url = URL.parse(baseUrl);
  if (url === null) return "generic";
  const host = url.hostname.toLowerCase();
  if (host === "api.cloudflare.com" && WORKERS_AI_PATH.test(url.pathname)) return "workers-ai";
  const known = BY_HOST.find(([name]) =>
    name.startsWith(".") ? host.endsWith(name) : host === name || host.endsWith(`.${name}`),
  );
  if (known !== undefined) return known[1];
  return url.port === OLLAMA_PORT || host === "ollama.com" ? "ollama" : "generic";
}
