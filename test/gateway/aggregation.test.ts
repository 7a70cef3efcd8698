import { beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { scripted, type Scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, legacy } from "../support/worker.ts";

/** Own names that have to be altered or cut, and one that does not. */
const ODD_NAMES = ["a.b", "a b", "a/b", "a_b", "größe", "x".repeat(200), `${"x".repeat(199)}y`];

const backends: Record<string, Scripted> = {};

function called(name: string): object {
  return { content: [{ type: "text", text: name }] };
}

beforeAll(async () => {
  const tools = (names: readonly string[]) => ({
    tools: names.map((name) => ({ name, inputSchema: { type: "object" } })),
  });
  const offer = (more: Record<string, object>) =>
    scripted({
      initialize: { capabilities: { tools: {}, resources: {} } },
      "tools/list": tools(["search", "-b_c"]),
      ...more,
    });
  backends["a"] = await offer({
    "tools/call": called("a"),
    "resources/list": { resources: [{ uri: "file:///etc/passwd" }, { uri: "memo://1" }] },
    "resources/read": { contents: [{ uri: "file:///etc/passwd", text: "of a" }] },
  });
  backends["a-b"] = await offer({
    "tools/list": tools(["search", "c"]),
    "tools/call": called("a-b"),
    "resources/list": { resources: [{ uri: "memo://1" }, { uri: "memo://2" }] },
    "resources/read": { contents: [{ uri: "memo://2", text: "of a-b" }] },
  });
  backends["odd"] = await offer({
    "tools/list": tools(ODD_NAMES),
    ...Object.fromEntries(ODD_NAMES.map((name) => [`tools/call ${name}`, called(name)])),
  });
  await configureAs(["a", "a-b", "odd"]);
}, 30_000);

async function configureAs(names: readonly string[]): Promise<void> {
  await configure({
    mcpServers: Object.fromEntries(names.map((name) => [name, { url: backends[name]?.url }])),
  });
  await awaitReady(names);
}

async function toolNames(): Promise<string[]> {
  const tools = (await legacy("tools/list")).message.result?.["tools"];
  return (tools as unknown as { name: string }[]).map(({ name }) => name);
}

async function textOf(name: string): Promise<unknown> {
  const { message } = await legacy("tools/call", { name, arguments: {} });
  return message.result?.["content"];
}

test("names equal tools after their backends, whatever the order of the config", async () => {
  const before = await toolNames();
  expect(before.filter((name) => name.endsWith("_search"))).toEqual(["a-b_search", "a_search"]);
  expect(await textOf("a_search")).toMatchObject([{ text: "a" }]);
  expect(await textOf("a-b_search")).toMatchObject([{ text: "a-b" }]);
  await configureAs(["odd", "a-b", "a"]);
  expect(await toolNames()).toEqual(before);
});

test("leaves no name that two backends could mean", async () => {
  expect(await toolNames()).toEqual(expect.arrayContaining(["a-b_c", "a_-b_c"]));
  expect(await textOf("a-b_c")).toMatchObject([{ text: "a-b" }]);
  expect(await textOf("a_-b_c")).toMatchObject([{ text: "a" }]);
});

test("maps names no client could take to names all can, and back again", async () => {
  const names = (await toolNames()).filter((name) => name.startsWith("odd_"));
  expect(names).toHaveLength(ODD_NAMES.length);
  for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  const reached = await Promise.all(names.map(textOf));
  expect(reached.map((content) => (content as [{ text: string }])[0].text).toSorted()).toEqual(
    ODD_NAMES.toSorted(),
  );
});

async function readsOf(name: string): Promise<unknown[]> {
  const arrived = (await backends[name]?.arrived()) ?? [];
  return arrived.flatMap(({ message }) =>
    message?.method === "resources/read" ? [message.params?.["uri"]] : [],
  );
}

test("takes a URI to the backend that listed it and to nobody else", async () => {
  const read = async (uri: string): Promise<JsonObject> =>
    (await legacy("resources/read", { uri })).message;
  expect(await read("file:///etc/passwd")).toMatchObject({
    result: { contents: [{ text: "of a" }] },
  });
  expect(await read("memo://1")).toHaveProperty("result"); // both have it: the first by name
  expect(await read("memo://2")).toMatchObject({ result: { contents: [{ text: "of a-b" }] } });
  for (const uri of ["http://169.254.169.254/latest/meta-data", "https://127.0.0.1/", "etc"]) {
    // oxlint-disable-next-line no-await-in-loop
    expect(await read(uri)).toMatchObject({ error: { code: -32602 } });
  }
  expect(await readsOf("a")).toEqual(["file:///etc/passwd", "memo://1"]);
  expect(await readsOf("a-b")).toEqual(["memo://2"]);
});
