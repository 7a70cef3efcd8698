import { beforeAll, describe, expect, inject, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { quirk } from "../support/backend-calls.ts";
import { keyFor } from "../support/key-for.ts";
import { awaitReady, configure, type Init, send, sendAuthorized } from "../support/worker.ts";

const ODD_NAMES = [
  "get",
  "a.b",
  "sp ace",
  "a/b",
  "a/",
  "100%",
  "{x}",
  "я🙂",
  "docs",
  "openapi.json",
  "resources",
  "prompts/x",
  "api/config",
  "?",
];

beforeAll(async () => {
  const odd = quirk("plain");
  await odd.control({ tools: ODD_NAMES });
  await configure({
    mcpServers: {
      "My Odd_One": { url: odd.url },
      json: { url: inject("fixtures").legacyJson },
    },
  });
  await awaitReady(["my-odd-one", "json"]);
}, 30_000);

const post = (path: string, init: Init = {}): Promise<Response> =>
  sendAuthorized(path, { method: "POST", ...init });

/** The backend answers with what it was asked. */
async function calledAt(path: string): Promise<unknown> {
  const response = await post(path);
  expect(response.status).toBe(200);
  const { params } = (await response.json()) as { params: JsonObject };
  return params["name"];
}

test.each(ODD_NAMES)("calls the tool %j by its name in the path", async (name) => {
  expect(await calledAt(`/my-odd-one/${encodeURIComponent(name)}`)).toBe(name);
});

test("takes a slash within a name, and one more at the end of a path", async () => {
  expect(await calledAt("/my-odd-one/a/b")).toBe("a/b");
  expect(await calledAt("/my-odd-one/a/b/")).toBe("a/b");
  expect(await calledAt("/my-odd-one/get/")).toBe("get");
});

test("knows a backend by the name in the file as well", async () => {
  expect(await calledAt("/My%20Odd_One/get")).toBe("get");
  expect((await post("/my odd_one/get")).status).toBe(404);
});

test.each(["PUT", "PATCH", "DELETE", "GET", "HEAD"])(
  "answers %s for a tool with the methods it has",
  async (method) => {
    const response = await sendAuthorized("/json/echo", { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST, OPTIONS");
    if (method === "HEAD") return;
    expect(await response.json()).toMatchObject({ detail: { code: "method_not_allowed" } });
  },
);

test.each([
  ["/json/docs", "GET, HEAD, OPTIONS"],
  ["/json", "GET, HEAD, OPTIONS"],
  ["/json/openapi.json", "GET, HEAD, OPTIONS"],
  ["/json/resources/test://static-text", "GET, HEAD, OPTIONS"],
  ["/json/prompts", "GET, HEAD, OPTIONS"],
  ["/json/prompts/test_simple_prompt", "GET, HEAD, POST, OPTIONS"],
  ["/openapi.json", "GET, HEAD, OPTIONS"],
  ["/my-odd-one/docs", "GET, HEAD, POST, OPTIONS"],
  ["/my-odd-one/get", "POST, OPTIONS"],
])("says at %s that it takes %s", async (path, allow) => {
  const asked = await sendAuthorized(path, { method: "OPTIONS" });
  expect([asked.status, asked.headers.get("allow")]).toEqual([204, allow]);
  const refused = await sendAuthorized(path, { method: "DELETE" });
  expect([refused.status, refused.headers.get("allow")]).toEqual([405, allow]);
});

test.each(["GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE"])(
  "has nothing for %s at paths that are none",
  async (method) => {
    const paths = ["/none", "/none/tool", "/json/none", "/openapi.json/x", "//json/echo", "/.x"];
    const answers = await Promise.all(paths.map((path) => sendAuthorized(path, { method })));
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 404));
    expect(answers.every(({ headers }) => !headers.has("location"))).toBe(true);
  },
);

test.each(["/", "/docs", "/openapi.json", "/system", "/api/config", "/json", "/json/resources"])(
  "lets nobody on the way keep %s for others",
  async (path) => {
    const response = await sendAuthorized(path);
    await response.text();
    expect([response.status, response.headers.get("cache-control")]).toEqual([
      200,
      expect.stringMatching(/^(no-store|private, no-cache)$/),
    ]);
  },
);

test("answers HEAD as GET, without the body", async () => {
  for (const path of ["/json/openapi.json", "/system", "/"]) {
    const response = await sendAuthorized(path, { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.text()).toBe("");
  }
});

describe("a backend that a key may not see", () => {
  const paths = ["", "/docs", "/openapi.json", "/echo", "/resources", "/api/config", "/system"];

  test("is as unknown as one that does not exist", async () => {
    const headers = { authorization: `Bearer ${await keyFor({ deny: ["json"] })}` };
    for (const method of ["GET", "POST", "DELETE", "OPTIONS"]) {
      const answers = await Promise.all(
        ["json", "none"].flatMap((name) =>
          paths.map(async (path) => {
            const response = await send(`/${name}${path}`, { method, headers });
            const body = (await response.text()).replace(` /${name}`, " /it");
            return `${response.status} ${body.replace(/"request_id":"[^"]+"/, "")}`;
          }),
        ),
      );
      expect(answers.slice(0, paths.length)).toEqual(answers.slice(paths.length));
      expect(answers.every((answer) => answer.startsWith("404"))).toBe(true);
    }
  });

  test("leaves a hidden tool as unknown as one that does not exist", async () => {
    const headers = { authorization: `Bearer ${await keyFor({ deny: ["json/echo"] })}` };
    const answers = await Promise.all(
      ["echo", "none"].map(async (name) => {
        const response = await send(`/json/${name}`, { method: "POST", headers });
        const { detail } = (await response.json()) as {
          detail: { code: string; message: string };
        };
        return [response.status, detail.code, detail.message.replace(name, "it")];
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[0]).toBe(404);
  });
});

test("has the gateway's own tools beside the backends, for keys that see them", async () => {
  const body = JSON.stringify({ uri: "test://static-text" });
  const init = { method: "POST", body };
  const json = { "content-type": "application/json" };
  const key = await keyFor({ resourceTools: true });
  const read = await send("/gateway/read_resource", {
    ...init,
    headers: { ...json, authorization: `Bearer ${key}` },
  });
  expect(read.status).toBe(200);
  expect(await read.text()).toContain("static text resource");
  const hidden = await sendAuthorized("/gateway/read_resource", { ...init, headers: json });
  expect(hidden.status).toBe(404);
  expect((await post("/json/read_resource")).status).toBe(404);
});

test("tells Open WebUI's browser of the prompt that goes with the tools", async () => {
  for (const [path, prompt] of [
    ["", /"json" says:\n> For tests only/],
    ["/json", /^For tests only$/],
    ["/my-odd-one", /^$/],
  ] as const) {
    const features = await sendAuthorized(`${path}/api/config`);
    expect(await features.json()).toEqual({ features: { system: true } });
    const system = (await (await sendAuthorized(`${path}/system`)).json()) as { prompt: string };
    expect(system.prompt).toMatch(prompt);
  }
});

test("shows a browser the docs at the root, and everybody else the way", async () => {
  const browser = { headers: { accept: "text/html,*/*;q=0.8" } };
  for (const path of ["/", "/docs", "/json", "/json/docs", "/json/redoc"]) {
    const page = await sendAuthorized(path, browser);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toContain("text/html");
    await page.text();
  }
  expect(await (await sendAuthorized("/")).json()).toMatchObject({
    mcp: "/mcp",
    openai: "/v1",
    docs: "/docs",
    openapi: "/openapi.json",
    servers: [
      { name: "json", state: "ready", openapi: "/json/openapi.json" },
      { name: "my-odd-one", state: "ready", openapi: "/my-odd-one/openapi.json" },
    ],
  });
  expect(await (await sendAuthorized("/json")).json()).toMatchObject({
    docs: "/json/docs",
    openapi: "/json/openapi.json",
  });
});

test("says for compat=mcpo in a word what is not there", async () => {
  const missing = await post("/json/none?compat=mcpo");
  expect([missing.status, await missing.json()]).toEqual([404, { detail: "Not Found" }]);
  const wrong = await sendAuthorized("/json/echo?compat=mcpo", { method: "GET" });
  expect([wrong.status, await wrong.json()]).toEqual([405, { detail: "Method Not Allowed" }]);
  expect(wrong.headers.get("allow")).toBe("POST");
});
