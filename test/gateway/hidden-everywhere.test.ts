import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { keyFor } from "../support/key-for.ts";
import { obtainTokens } from "../support/oauth-flow.ts";
import { scripted } from "../support/scripted-backend.ts";
import {
  awaitReady,
  configure,
  ORIGIN,
  OWNER_PASSWORD,
  send,
  sendAsOwner,
} from "../support/worker.ts";

const OPEN = { type: "object" };
const RULES = { allow: [], deny: ["clandestine", "open/veiled"] };
const BOTH = { deny: RULES.deny };
/** What the config says, and what everybody below is forbidden, each in one way. */
let mcpServers: Record<string, { url: string; disabledTools?: string[] }>;
const policy = {
  groups: { outside: BOTH },
  clients: [{ client: "Test client", ...BOTH }],
};

async function offering(word: string, tools: readonly string[]): Promise<string> {
  const text = { content: [{ type: "text", text: `from ${word}` }] };
  const { url } = await scripted({
    initialize: { capabilities: { tools: {}, prompts: {}, resources: { subscribe: true } } },
    "tools/list": { tools: tools.map((name) => ({ name, inputSchema: OPEN })) },
    "prompts/list": { prompts: [{ name: `${word}-prompt` }] },
    "resources/list": { resources: [{ uri: `memo://${word}/one`, name: `${word}-one` }] },
    "resources/templates/list": {
      resourceTemplates: [{ uriTemplate: `memo://${word}/{id}`, name: `${word}-any` }],
    },
    "tools/call": text,
  });
  return url;
}

beforeAll(async () => {
  mcpServers = {
    open: {
      url: await offering("open", ["run", "veiled", "veiled", "vanished"]),
      disabledTools: ["vanished"],
    },
    clandestine: { url: await offering("clandestine", ["run"]) },
  };
  await configure({ mcpServers, policy });
  await awaitReady(["open", "clandestine"]);
}, 30_000);

async function newUser(wanted: object): Promise<string> {
  const made = await sendAsOwner("/admin/api/users", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: crypto.randomUUID(), ...wanted }),
  });
  return ((await made.json()) as { id: string }).id;
}

async function tokenOfClient(): Promise<string> {
  const fetch = (request: Request) => exports.default.fetch(request);
  return (await obtainTokens(fetch, ORIGIN, OWNER_PASSWORD)).accessToken;
}

const WAYS: Readonly<Record<string, () => Promise<string>>> = {
  key: () => keyFor(BOTH),
  person: async () => keyFor({ user: await newUser({ rules: RULES }) }),
  group: async () => keyFor({ user: await newUser({ groups: ["outside"] }) }),
  client: tokenOfClient,
};

type Said = Readonly<{ status: number; text: string }>;
type Probe = (credential: string, word: string) => Promise<Said>;

async function said(response: Response): Promise<Said> {
  const text = await response.text();
  return { status: response.status, text: text.replaceAll(/"request_id":"[^"]*"/g, "") };
}

function mcp(method: string, params: (word: string) => JsonObject, path = () => "/mcp"): Probe {
  return async (credential, word) =>
    said(
      await send(path(), {
        method: "POST",
        headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: params(word) }),
      }),
    );
}

function at(word: (word: string) => string, method: string): Probe {
  return (credential, one) =>
    mcp(
      method,
      () => INITIALIZE,
      () => word(one),
    )(credential, one);
}

function rest(path: (word: string) => string, method = "GET"): Probe {
  return async (credential, word) =>
    said(
      await send(path(word), {
        method,
        headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
        ...(method === "POST" ? { body: "{}" } : {}),
      }),
    );
}

const INITIALIZE = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
};

/** Everything one can ask of a backend, by its name. */
const OF_BACKEND: Readonly<Record<string, Probe>> = {
  "tools/call": mcp("tools/call", (word) => ({ name: `${word}_run` })),
  "prompts/get": mcp("prompts/get", (word) => ({ name: `${word}_${word}-prompt` })),
  "resources/read": mcp("resources/read", (word) => ({ uri: `memo://${word}/one` })),
  "resources/read by template": mcp("resources/read", (word) => ({ uri: `memo://${word}/9` })),
  "resources/subscribe": mcp("resources/subscribe", (word) => ({ uri: `memo://${word}/one` })),
  "completion of a prompt": mcp("completion/complete", (word) => ({
    ref: { type: "ref/prompt", name: `${word}_${word}-prompt` },
    argument: { name: "a", value: "b" },
  })),
  "completion of a template": mcp("completion/complete", (word) => ({
    ref: { type: "ref/resource", uri: `memo://${word}/{id}` },
    argument: { name: "id", value: "b" },
  })),
  "its endpoint": at((word) => `/mcp/${word}`, "tools/list"),
  "its introduction": at((word) => `/mcp/${word}`, "initialize"),
};

const OF_BACKEND_BY_KEY: Readonly<Record<string, Probe>> = {
  "its tool in REST": rest((word) => `/${word}/run`, "POST"),
  "its resources in REST": rest((word) => `/${word}/resources`),
  "its document": rest((word) => `/${word}/openapi.json`),
  "its pages": rest((word) => `/${word}/docs`),
};

const OF_TOOL: Readonly<Record<string, Probe>> = {
  "tools/call": mcp("tools/call", (word) => ({ name: `open_${word}` })),
  "tools/call at its endpoint": mcp(
    "tools/call",
    (word) => ({ name: word }),
    () => "/mcp/open",
  ),
};
const OF_TOOL_BY_KEY: Readonly<Record<string, Probe>> = {
  "its path in REST": rest((word) => `/open/${word}`, "POST"),
  "its path in REST, read": rest((word) => `/open/${word}`),
};

/** Where everything that is there can be read. */
const LISTS: Readonly<Record<string, Probe>> = {
  "tools/list": mcp("tools/list", () => ({})),
  "prompts/list": mcp("prompts/list", () => ({})),
  "resources/list": mcp("resources/list", () => ({})),
  "resources/templates/list": mcp("resources/templates/list", () => ({})),
  initialize: mcp("initialize", () => INITIALIZE),
  "/status": rest(() => "/status"),
};
const LISTS_BY_KEY: Readonly<Record<string, Probe>> = {
  "/v1/tools": rest(() => "/v1/tools"),
  "/openapi.json": rest(() => "/openapi.json"),
  "/docs": rest(() => "/docs"),
  "/open/openapi.json": rest(() => "/open/openapi.json"),
};

async function expectUnknown(probes: Readonly<Record<string, Probe>>, key: string, word: string) {
  const differing = await Promise.all(
    Object.entries(probes).map(async ([name, probe]) => {
      const [hidden, absent] = [await probe(key, word), await probe(key, "absent")];
      const same =
        hidden.status === absent.status &&
        hidden.text.replaceAll(word, "absent") === absent.text &&
        !hidden.text.includes("from ");
      return same ? [] : [{ name, hidden, absent }];
    }),
  );
  expect(differing.flat()).toEqual([]);
}

describe.each(Object.keys(WAYS))("what is hidden by the rules of a %s", (way) => {
  let credential: string;
  beforeAll(async () => {
    credential = await (WAYS[way] ?? tokenOfClient)();
  });

  test("is in no list", async () => {
    const lists = way === "client" ? LISTS : { ...LISTS, ...LISTS_BY_KEY };
    const texts = await Promise.all(
      Object.entries(lists).map(
        async ([name, probe]) => [name, await probe(credential, "")] as const,
      ),
    );
    for (const [name, { status, text }] of texts) {
      expect([name, status]).toEqual([name, 200]);
      expect([name, /clandestine|veiled|vanished/.exec(text)?.[0]]).toEqual([name, undefined]);
    }
  });

  test("is answered as what never was: a backend", async () => {
    const probes = way === "client" ? OF_BACKEND : { ...OF_BACKEND, ...OF_BACKEND_BY_KEY };
    await expectUnknown(probes, credential, "clandestine");
  });

  test("is answered as what never was: a tool, forbidden or switched off", async () => {
    const probes = way === "client" ? OF_TOOL : { ...OF_TOOL, ...OF_TOOL_BY_KEY };
    await expectUnknown(probes, credential, "veiled");
    await expectUnknown(probes, credential, "vanished");
  });
});

test("the same is there for whom nothing hides it", async () => {
  const key = await keyFor({});
  for (const [name, probe] of Object.entries({ ...OF_BACKEND, ...OF_BACKEND_BY_KEY })) {
    // oxlint-disable-next-line no-await-in-loop -- a handful, and the order is that of the table
    const [there, absent] = [await probe(key, "clandestine"), await probe(key, "absent")];
    expect([name, there.text.replaceAll("clandestine", "absent") === absent.text]).toEqual([
      name,
      false,
    ]);
  }
});

test("what is wrong with a backend's list names no tool to those under rules", async () => {
  const status = rest(() => "/status");
  expect((await status(await keyFor({}), "")).text).toContain('tool \\"veiled\\" is listed twice');
  expect((await status(await keyFor(BOTH), "")).text).not.toContain("veiled");
});

/** What a caller is told of a tool on each of the three surfaces, in short. */
async function seesOnAll(key: string, tool: string): Promise<readonly boolean[]> {
  const [call, path, tools] = await Promise.all([
    mcp("tools/call", () => ({ name: `open_${tool}` }))(key, ""),
    rest(() => `/open/${tool}`, "POST")(key, ""),
    rest(() => "/v1/tools")(key, ""),
  ]);
  return [
    call.text.includes("from open"),
    path.status === 200,
    tools.text.includes(`"open_${tool}"`),
  ];
}

const WITHIN = { timeout: 5_000, interval: 200 };

test("a tool that is switched off is unknown on every surface within 5 s", async () => {
  const key = await keyFor({});
  expect(await seesOnAll(key, "run")).toEqual([true, true, true]);
  const open = { url: mcpServers["open"]?.url ?? "", disabledTools: ["vanished", "run"] };
  await configure({ mcpServers: { ...mcpServers, open }, policy });
  await expect.poll(() => seesOnAll(key, "run"), WITHIN).toEqual([false, false, false]);
  await expectUnknown({ ...OF_TOOL, ...OF_TOOL_BY_KEY }, key, "run");
  await configure({ mcpServers, policy });
  await expect.poll(() => seesOnAll(key, "run"), WITHIN).toEqual([true, true, true]);
}, 30_000);

/** A stream of 2026-07-28 that tells of changes. */
async function listenAt(path: string, key: string): Promise<Response> {
  const response = await send(path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "subscriptions/listen",
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "subscriptions/listen",
      params: {
        notifications: { toolsListChanged: true },
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  return response;
}

/** Settles when nothing comes any more: at its end, or where it is cut. */
async function isOver({ body }: Response): Promise<boolean> {
  const reader = body?.getReader();
  try {
    while ((await reader?.read())?.done === false);
  } catch {
    // cut
  }
  return true;
}

test("a changed rule of a person is in force on every surface within 5 s", async () => {
  const id = await newUser({});
  const key = await keyFor({ user: id });
  const streams = await Promise.all(
    ["/mcp", "/mcp?mode=search"].map((path) => listenAt(path, key)),
  );
  const ends = streams.map(isOver);
  expect(await seesOnAll(key, "veiled")).toEqual([true, true, true]);
  const change = (rules: object) =>
    sendAsOwner(`/admin/api/users/${id}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ rules }),
    });
  expect((await change(RULES)).status).toBe(200);
  await expect.poll(() => seesOnAll(key, "veiled"), WITHIN).toEqual([false, false, false]);
  await expectUnknown({ ...OF_TOOL, ...OF_TOOL_BY_KEY }, key, "veiled");
  // What began under the rules of before comes back under those of now.
  expect(await Promise.all(ends)).toEqual([true, true]);
  expect((await change({ readOnly: true })).status).toBe(200);
  await expect
    .poll(async () => (await LISTS_BY_KEY["/v1/tools"]?.(key, ""))?.text, WITHIN)
    .toContain('"data":[]');
}, 30_000);
