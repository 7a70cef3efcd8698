import { inject } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { configure, sendAsOwner } from "../support/worker.ts";
import { chat } from "./openai-replies.ts";

/** Personalities that are called otherwise than the profile they go with. */
const PROFILE_OF: Readonly<Record<string, string>> = {
  hostile: "openai",
  llamacpp: "llama.cpp",
  strict: "generic",
  "workersai-native": "workers-ai",
  "workersai-openai": "workers-ai",
};

/** A provider per personality of the scripted one, each by that name; `key` is a test file's own. */
export function scriptedProviders(
  key: string,
  personalities: readonly string[] = ["openai"],
  more: JsonObject = {},
): JsonObject {
  return Object.fromEntries(
    personalities.map((personality) => [
      personality,
      {
        baseUrl: `${inject("fixtures").llm}/${personality}/${key}/v1`,
        apiKey: "scripted-key",
        models: ["scripted-1"],
        profile: PROFILE_OF[personality] ?? personality,
        ...more,
      },
    ]),
  );
}

/** The clock and the conformance fixture, and a scripted model to use them. */
export async function configureLlm(
  key: string,
  {
    personalities,
    provider,
    mcpServers = {},
    ...llm
  }: {
    personalities?: readonly string[];
    provider?: JsonObject;
    mcpServers?: JsonObject;
    loop?: JsonObject;
    aliases?: JsonObject;
    defaultModel?: string;
  } = {},
): Promise<void> {
  await configure({
    mcpServers: {
      time: { builtin: "time" },
      lab: { url: inject("fixtures").legacyJson },
      ...mcpServers,
    },
    llm: { providers: scriptedProviders(key, personalities, provider), ...llm },
  });
}

/** A chat with a scripted model: the lines are its script. */
export function script(lines: readonly string[], more: JsonObject = {}): JsonObject {
  return {
    model: "mcp-gateway",
    messages: [{ role: "user", content: lines.join("\n") }],
    ...more,
  };
}

export function play(
  lines: readonly string[],
  more: JsonObject = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return chat(script(lines, more), headers);
}

export type ProviderRequest = Readonly<{ path: string; body: JsonObject; abandoned: boolean }>;

/** What the provider has been asked under this key, in order; waits for `arrived` of them. */
export async function asked(key: string, arrived?: number): Promise<readonly ProviderRequest[]> {
  const query = arrived === undefined ? "" : `?arrived=${arrived}`;
  const url = `${inject("fixtures").llm}/openai/${key}/__reqs${query}`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the provider was not asked ${arrived} times`);
  const requests: ProviderRequest[] = await response.json();
  return requests.filter(({ path }) => path.includes("/chat/completions"));
}

export async function forget(key: string): Promise<void> {
  await fetch(`${inject("fixtures").llm}/openai/${key}/__reqs`, { method: "DELETE" });
}

export function messagesOf({ body }: ProviderRequest): readonly JsonObject[] {
  const { messages } = body;
  return Array.isArray(messages) ? messages.filter(isJsonObject) : [];
}

/** Names of the functions a request offered. */
export function offeredIn({ body }: ProviderRequest): readonly string[] {
  const { tools } = body;
  return (Array.isArray(tools) ? tools.filter(isJsonObject) : []).map((tool) => {
    const { function: own } = tool;
    return isJsonObject(own) && typeof own["name"] === "string" ? own["name"] : "";
  });
}

/** Tools of backends that have run, newest first, as `backend/tool outcome`. */
export async function toolsRun(): Promise<readonly string[]> {
  const response = await sendAsOwner("/admin/api/audit");
  const { events }: { events: { backend: string; target: string; outcome: string }[] } =
    await response.json();
  return events.map(({ backend, target, outcome }) => `${backend} ${target} ${outcome}`);
}
