import { beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { scripted, type Scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, legacy, modern, type RpcReply } from "../support/worker.ts";

const PAGE = "ui://app/page";
const backends: Record<string, Scripted> = {};

/** Two backends made from the same template: every URI and name is the same. */
function app(name: string): Promise<Scripted> {
  return scripted({
    initialize: { capabilities: { tools: {}, resources: {}, completions: {} } },
    "tools/list": {
      tools: [{ name: "show", inputSchema: {}, _meta: { ui: { resourceUri: PAGE } } }],
    },
    "resources/list": { resources: [{ uri: PAGE, name }] },
    "resources/templates/list": { resourceTemplates: [{ uriTemplate: "ui://app/{id}", name }] },
    [`resources/read ${PAGE}`]: { contents: [{ uri: PAGE, text: `page of ${name}` }] },
    "tools/call": {
      text: `{"jsonrpc":"2.0","id":$ID,"result":{"big":12345678901234567890,"content":[{"type":"resource_link","uri":"${PAGE}","name":"page"}]}}`,
    },
    "completion/complete": { completion: { values: [name] } },
  });
}

beforeAll(async () => {
  for (const name of ["one", "two"]) {
    // oxlint-disable-next-line no-await-in-loop
    backends[name] = await app(name);
  }
  await configure({
    mcpServers: { one: { url: backends["one"]?.url }, two: { url: backends["two"]?.url } },
  });
  await awaitReady(["one", "two"]);
}, 30_000);

type Ask = (method: string, params?: JsonObject, path?: string) => Promise<RpcReply>;
const ERAS: readonly [string, Ask][] = [
  ["legacy", legacy],
  ["modern", (method, params = {}, path = "/mcp") => modern(method, params, { path })],
];

describe.each(ERAS)("a %s client", (_, ask) => {
  test("finds the page of each tool under a URI of its own", async () => {
    const { tools } = (await ask("tools/list")).message.result ?? {};
    expect(tools).toMatchObject([
      { name: "one_show", _meta: { ui: { resourceUri: "ui://one/app/page" } } },
      { name: "two_show", _meta: { ui: { resourceUri: "ui://two/app/page" } } },
    ]);
    const listed = (await ask("resources/list")).message.result?.["resources"];
    expect(listed).toEqual([
      { uri: "ui://one/app/page", name: "one" },
      { uri: "ui://two/app/page", name: "two" },
    ]);
    const templates = (await ask("resources/templates/list")).message.result;
    expect(templates?.["resourceTemplates"]).toMatchObject([
      { uriTemplate: "ui://one/app/{id}" },
      { uriTemplate: "ui://two/app/{id}" },
    ]);
  });

  test.each(["one", "two"])("reads and completes the page of %s there alone", async (name) => {
    const uri = `ui://${name}/app/page`;
    expect((await ask("resources/read", { uri })).message.result?.["contents"]).toEqual([
      { uri, text: `page of ${name}` },
    ]);
    const ref = { type: "ref/resource", uri: `ui://${name}/app/{id}` };
    const asked = { ref, argument: { name: "id", value: "" } };
    expect((await ask("completion/complete", asked)).message.result).toMatchObject({
      completion: { values: [name] },
    });
    const arrived = await backends[name]?.arrived();
    const last = arrived?.at(-1)?.message?.params;
    expect(last?.["ref"]).toEqual({ type: "ref/resource", uri: "ui://app/{id}" });
  });

  test("gets links in results that lead back to the backend that made them", async () => {
    const { text, message } = await ask("tools/call", { name: "two_show", arguments: {} });
    expect(message.result?.["content"]).toMatchObject([{ uri: "ui://two/app/page" }]);
    expect(text).toContain("12345678901234567890");
  });

  test("is told that a page under its bare URI is unknown", async () => {
    for (const uri of [PAGE, "ui://six/app/page", "ui://one"]) {
      // oxlint-disable-next-line no-await-in-loop
      expect((await ask("resources/read", { uri })).message.error?.code).toBe(-32602);
    }
  });

  test("sees every URI untouched where it speaks to one backend", async () => {
    const { tools } = (await ask("tools/list", {}, "/mcp/two")).message.result ?? {};
    expect(tools).toMatchObject([{ _meta: { ui: { resourceUri: PAGE } } }]);
    const read = await ask("resources/read", { uri: PAGE }, "/mcp/two");
    expect(read.message.result?.["contents"]).toEqual([{ uri: PAGE, text: "page of two" }]);
  });
});
