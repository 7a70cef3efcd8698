import type { ProfileName } from "../config/llm-config.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { canChat } from "./can-chat.ts";

/** One model as its provider lists it. */
export type KnownModel = Readonly<{
  id: string;
  name: string | undefined;
  /** Seconds. */
  created: number | undefined;
  ownedBy: string | undefined;
  chats: boolean;
}>;

/** The largest providers list some hundreds; every isolate holds all of them. */
const MAX_MODELS = 2_000;
const MAX_TEXT = 200;

/**
 * A list of models in the shapes there are: OpenAI's `data`, a bare array, Cloudflare's `result`,
 * Ollama's `models`. Only known keys are kept: Open WebUI acts on others, `pipeline` above all.
 * Undefined when it is no list.
 */
export function parseModels(
  given: unknown,
  profile: ProfileName,
): readonly KnownModel[] | undefined {
  const items: unknown = isJsonObject(given)
    ? (given["data"] ?? given["result"] ?? given["models"])
    : given;
  if (!Array.isArray(items)) return undefined;
  const models = new Map<string, KnownModel>();
  for (const item of items as readonly unknown[]) {
    const model = isJsonObject(item) ? parseModel(item, profile) : undefined;
    if (model !== undefined && !models.has(model.id)) models.set(model.id, model);
    if (models.size === MAX_MODELS) break;
  }
  return [...models.values()];
}

function parseModel(item: JsonObject, profile: ProfileName): KnownModel | undefined {
  // Cloudflare's own list has a number of its database as `id`, and what one calls it as `name`.
  const listed = profile === "workers-ai" && isJsonObject(item["task"]) ? item["name"] : item["id"];
  const id = shortLine(listed ?? item["name"]);
  if (id === undefined) return undefined;
  const own = profile === "gemini" ? id.replace(/^models\//, "") : id;
  return {
    id: own,
    name: shortLine(item["display_name"]) ?? shortLine(item["name"]),
    created: secondsOf(item["created"] ?? item["created_at"]),
    ownedBy: shortLine(item["owned_by"]),
    chats: canChat(own, item),
  };
}

function shortLine(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "" || value.length > MAX_TEXT) return undefined;
  return /\p{Cc}/u.test(value) ? undefined : value;
}

function secondsOf(value: unknown): number | undefined {
  const seconds = typeof value === "string" ? Date.parse(value) / 1_000 : value;
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds <= 0) return undefined;
  return Math.floor(seconds);
}
