import { beforeAll, expect, inject, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { askModern } from "../support/raw-modern.ts";
import type { Ask } from "../support/raw-session.ts";
import { scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, send, sendAsOwner, sendAuthorized } from "../support/worker.ts";

/** What may be kept, and by whom (MCP 2026-07-28, server/utilities/caching). */

const owner: Ask = sendAuthorized;
let ada: Ask;
let bea: Ask;

async function someone(allow: readonly string[]): Promise<Ask> {
  const response = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "someone", allow }),
  });
  const { key } = (await response.json()) as { key: string };
  return (path, init) =>
    send(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } });
}

beforeAll(async () => {
  const classified = await scripted({
    initialize: { capabilities: { tools: {}, prompts: {}, resources: {} } },
    "tools/list": { tools: [{ name: "classified_tool", inputSchema: { type: "object" } }] },
    "prompts/list": { prompts: [{ name: "classified_prompt" }] },
    "resources/list": { resources: [{ uri: "memo://classified", name: "classified" }] },
    "resources/templates/list": {
      resourceTemplates: [{ uriTemplate: "memo://classified/{id}", name: "classified" }],
    },
  });
  const { legacyJson, modern } = inject("fixtures");
  await configure({
    mcpServers: {
      open: { url: legacyJson },
      modern: { url: modern },
      hidden: { url: classified.url },
    },
  });
  await awaitReady(["open", "modern", "hidden"]);
  ada = await someone(["open", "hidden"]);
  bea = await someone(["open"]);
}, 30_000);

const LISTS = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];

async function ask(who: Ask, method: string, params: JsonObject = {}): Promise<JsonObject> {
  const { result } = await (await askModern(who, method, params)).answer();
  if (!isJsonObject(result)) throw new Error(`no result of ${method}`);
  return result;
}

test.each([...LISTS, "server/discover"])(
  "what %s answers is the caller's alone",
  async (method) => {
    const result = await ask(owner, method);
    expect(result["cacheScope"]).toBe("private");
    expect(result["ttlMs"]).toBeGreaterThanOrEqual(0);
  },
);

test.each(["test://static-text", "test://template/1/data"])(
  "the resource %s is the caller's alone",
  async (uri) => {
    const result = await ask(owner, "resources/read", { uri });
    expect(result["cacheScope"]).toBe("private");
  },
);

test.each(LISTS)("nobody is served the %s of somebody else, whoever asks first", async (method) => {
  for (const order of [
    [ada, bea],
    [bea, ada],
    [ada, bea, ada, bea],
  ]) {
    for (const who of order) {
      const said = JSON.stringify(await ask(who, method)).includes("classified");
      expect(said).toBe(who === ada);
    }
  }
  const together = await Promise.all(
    [ada, bea, ada, bea, bea, ada].map(async (who) => ({
      who,
      said: JSON.stringify(await ask(who, method)).includes("classified"),
    })),
  );
  for (const { who, said } of together) expect(said).toBe(who === ada);
});
