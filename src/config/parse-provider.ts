import { isJsonObject } from "../core/json.ts";
import { apiKeyProblem, targetUrlProblem } from "../core/target-rules.ts";
import { asBaseUrl } from "./base-url.ts";
import { configProblem, hiddenProblem, maskForError } from "./config-problem.ts";
import { guessProfile } from "./guess-profile.ts";
import { PROFILE_NAMES, type ModelEntry, type ProviderConfig } from "./llm-config.ts";
import { parseHeaders } from "./parse-headers.ts";
import { isLine, readStrict, type StrictPart } from "./strict-part.ts";

/** A list is held by every isolate; whoever wants more of a provider names them by globs. */
const MAX_MODELS = 500;
const MAX_TAGS = 50;
/** No provider's ids come near. */
export const MAX_MODEL_ID = 200;
/** A large model may think for a minute before its first word; nobody waits ten. */
const SILENCE_SECONDS = { min: 1, max: 600, unit: "seconds" } as const;
const DEFAULT_SILENCE_SECONDS = 120;
/** Each try waits longer: after ten the caller has long gone. */
const RETRIES = { min: 0, max: 10, whole: true } as const;
const DEFAULT_RETRIES = 3;
/** What OpenAI takes in one request; others take fewer, some more. */
const TOOLS = { min: 1, max: 512, whole: true } as const;
const DEFAULT_TOOLS = 128;
const MAX_API_VERSION = 40;

const KEYS = [
  "baseUrl",
  "binding",
  "apiKey",
  "profile",
  "apiVersion",
  "headers",
  "models",
  "timeout",
  "maxRetries",
  "images",
  "maxTools",
] as const;
/** As other tools call the same. */
const SPELLINGS = { baseURL: "baseUrl", url: "baseUrl", key: "apiKey" };

const NAME = /^[a-z][a-z0-9-]{0,30}$/;
/** First parts of model ids that mean something else. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ["default", "it is the provider of the variable LLM_BASE_URL"],
  ["raw", "raw/{model} is a model without tools"],
  ["mcp-gateway", "mcp-gateway/{backend} is a model with one backend"],
]);
const ADDRESS = "https://host/v1";
const BINDING = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** One entry of `llm.providers`. Throws `config_invalid`. */
export function parseProvider(name: string, entry: unknown): ProviderConfig {
  requireName(name);
  const part = readStrict(`llm.providers.${name}`, entry, KEYS, SPELLINGS);
  const binding = readBinding(part);
  const baseUrl = readBaseUrl(part);
  if ((binding === undefined) === (baseUrl === undefined)) {
    const wanted =
      binding === undefined
        ? "the address of an OpenAI-compatible API"
        : 'either "baseUrl" or "binding"';
    throw configProblem(part.pathOf("baseUrl"), baseUrl === undefined ? undefined : "…", wanted);
  }
  const profile = binding === undefined ? guessProfile(baseUrl ?? "") : "workers-ai";
  return {
    name,
    profile: part.choice("profile", PROFILE_NAMES) ?? profile,
    baseUrl: baseUrl ?? "",
    binding,
    apiKey: readApiKey(part),
    headers: parseHeaders(part.pathOf("headers"), part.value("headers")),
    apiVersion: part.text("apiVersion", MAX_API_VERSION),
    models: readModels(part),
    timeoutMs: (part.number("timeout", SILENCE_SECONDS) ?? DEFAULT_SILENCE_SECONDS) * 1_000,
    maxRetries: part.number("maxRetries", RETRIES) ?? DEFAULT_RETRIES,
    // A text model refuses the whole request over one picture.
    images: part.boolean("images") ?? false,
    maxTools: part.number("maxTools", TOOLS) ?? DEFAULT_TOOLS,
  };
}

function requireName(name: string): void {
  const path = `llm.providers[${JSON.stringify(name.slice(0, 40))}]`;
  const reason = RESERVED.get(name);
  if (reason !== undefined) throw configProblem(path, name, `another name: ${reason}`);
  if (!NAME.test(name)) {
    throw configProblem(
      path,
      name,
      'a name of a-z, 0-9 and "-" that begins with a letter, at most 31 characters',
    );
  }
}

function readBinding(part: StrictPart): string | undefined {
  const binding = part.value("binding");
  if (binding === undefined || (typeof binding === "string" && BINDING.test(binding))) {
    return binding;
  }
  throw configProblem(part.pathOf("binding"), binding, 'the name of a binding, for example "AI"');
}

function readBaseUrl(part: StrictPart): string | undefined {
  const url = part.value("baseUrl");
  if (url === undefined) return undefined;
  const path = part.pathOf("baseUrl");
  if (typeof url !== "string") throw hiddenProblem(path, url, "a URL");
  const problem =
    targetUrlProblem(url, ADDRESS) ??
    (url.includes("?") ? 'a URL without a query: use "apiVersion" or "headers"' : undefined);
  if (problem !== undefined) throw configProblem(path, maskForError(url), problem);
  return asBaseUrl(url);
}

function readApiKey(part: StrictPart): string | undefined {
  const key = part.value("apiKey");
  // People write an empty one for a server that wants none.
  if (key === undefined || key === "") return undefined;
  if (typeof key !== "string") throw hiddenProblem(part.pathOf("apiKey"), key, "a string");
  const problem = apiKeyProblem(key);
  if (problem !== undefined) throw configProblem(part.pathOf("apiKey"), "…", problem);
  return key;
}

function readModels(part: StrictPart): readonly ModelEntry[] {
  const models = part.value("models");
  if (models === undefined) return [];
  const path = part.pathOf("models");
  if (!Array.isArray(models) || models.length > MAX_MODELS) {
    const shown = Array.isArray(models) ? models.length : models;
    throw configProblem(path, shown, `a list of up to ${MAX_MODELS} models`);
  }
  const read = models.map((model: unknown, index) => readModel(`${path}[${index}]`, model));
  const twice = read.find(({ id }, index) => read.findIndex((other) => other.id === id) !== index);
  if (twice !== undefined) throw configProblem(path, twice.id, "each model once");
  return read;
}

function readModel(path: string, model: unknown): ModelEntry {
  if (isLine(model, MAX_MODEL_ID)) return { id: model, tags: [] };
  if (!isJsonObject(model)) {
    throw configProblem(path, model, 'a model id, or an object with "id"');
  }
  const part = readStrict(path, model, ["id", "name", "tags"]);
  const id = part.text("id", MAX_MODEL_ID);
  if (id === undefined) throw configProblem(part.pathOf("id"), undefined, "the id of a model");
  const name = part.text("name", MAX_MODEL_ID);
  const tags = part.texts("tags", { maxCount: MAX_TAGS, maxLength: MAX_MODEL_ID }) ?? [];
  return { id, ...(name === undefined ? {} : { name }), tags };
}
