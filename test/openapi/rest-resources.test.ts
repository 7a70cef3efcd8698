import { beforeAll, describe, expect, inject, test } from "vitest";
import { keyFor } from "../support/key-for.ts";
import { scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, send, sendAuthorized } from "../support/worker.ts";

const PAGE = "<script>alert(1)</script>";
const LONG_PATH = "file:///srv/My%20Files/a.txt";

beforeAll(async () => {
  const { legacyJson, modern } = inject("fixtures");
  const odd = await scripted({
    initialize: { capabilities: { tools: {}, resources: {} } },
    "resources/list": { resources: [{ uri: "x:1", name: "1" }], nextCursor: "2" },
    "resources/templates/list": { resourceTemplates: [] },
    "resources/read x:page": { contents: [{ uri: "x:page", mimeType: "text/html", text: PAGE }] },
    "resources/read x:two": {
      contents: [
        { uri: "x:two/1", text: "one" },
        { uri: "x:two/2", text: "two" },
      ],
      _meta: { kept: true },
    },
    "resources/read x:bad": { contents: [{ uri: "x:bad", mimeType: "image/png", blob: "%%%" }] },
    [`resources/read ${LONG_PATH}`]: { contents: [{ uri: LONG_PATH, text: "a file" }] },
  });
  await configure({
    mcpServers: { json: { url: legacyJson }, modern: { url: modern }, odd: { url: odd.url } },
  });
  await awaitReady(["json", "modern", "odd"]);
}, 30_000);

const read = (path: string, accept = "*/*"): Promise<Response> =>
  sendAuthorized(path, { headers: { accept } });

describe.each(["json", "modern"])("at %s", (backend) => {
  test("lists resources and templates", async () => {
    expect(await (await read(`/${backend}/resources`)).json()).toMatchObject({
      resources: expect.arrayContaining([
        { uri: "test://static-text", name: "Static text", mimeType: "text/plain" },
      ]),
      resourceTemplates: [{ uriTemplate: "test://template/{id}/data" }],
    });
  });

  test.each([
    "resources/test://static-text",
    "resources/test%3A%2F%2Fstatic-text",
    "resources/test:%2F%2Fstatic-text",
    "resources?uri=test%3A%2F%2Fstatic-text",
    "resources?uri=test://static-text",
  ])("reads a resource at %s", async (path) => {
    const response = await read(`/${backend}/${path}`);
    expect(response.status).toBe(200);
    const { contents, ...rest } = (await response.json()) as { contents: object[] };
    expect(contents).toEqual([
      {
        uri: "test://static-text",
        mimeType: "text/plain",
        text: "This is the content of the static text resource.",
      },
    ]);
    expect(Object.keys(rest).filter((name) => name !== "_meta")).toEqual([]);
  });

  test("gives text and bytes to whoever likes them better than JSON", async () => {
    const text = await read(`/${backend}/resources/test://static-text`, "text/plain");
    expect(text.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await text.text()).toBe("This is the content of the static text resource.");
    const image = await read(`/${backend}/resources/test://static-binary`, "image/*");
    expect(image.headers.get("content-type")).toBe("image/png");
    const bytes = new Uint8Array(await image.arrayBuffer());
    expect(new TextDecoder().decode(bytes.slice(1, 4))).toBe("PNG");
  });

  test("answers 404 for a resource that is not there", async () => {
    const response = await read(`/${backend}/resources/test://none`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: { server: backend } });
  });

  test("fills in a template", async () => {
    const response = await read(`/${backend}/resources/test://template/7/data`, "application/json");
    expect(await response.text()).toContain("Data for ID: 7");
  });
});

test("keeps the encoding that a URI has itself", async () => {
  for (const path of [LONG_PATH, encodeURIComponent(LONG_PATH)]) {
    expect(await (await read(`/odd/resources/${path}`)).json()).toEqual({
      contents: [{ uri: LONG_PATH, text: "a file" }],
    });
  }
});

test("lets no browser run what a resource holds", async () => {
  const response = await read("/odd/resources/x%3Apage", "text/html,*/*;q=0.8");
  expect(response.headers.get("content-disposition")).toBe("attachment");
  expect(response.headers.get("content-security-policy")).toContain("sandbox");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(await response.text()).toBe(PAGE);
});

test("gives several contents as JSON, whatever is wanted, with all that came", async () => {
  const response = await read("/odd/resources/x%3Atwo", "text/plain");
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual({
    contents: [
      { uri: "x:two/1", text: "one" },
      { uri: "x:two/2", text: "two" },
    ],
    _meta: { kept: true },
  });
});

test("gives what is no base64 as it came", async () => {
  const response = await read("/odd/resources/x%3Abad", "image/png");
  expect(await response.json()).toMatchObject({ contents: [{ blob: "%%%" }] });
});

test("shows resources only to those who may use the whole backend", async () => {
  const headers = { authorization: `Bearer ${await keyFor({ allow: ["json/echo"] })}` };
  const list = await send("/json/resources", { headers });
  expect(await list.json()).toEqual({ resources: [], resourceTemplates: [] });
  const one = await send("/json/resources/test://static-text", { headers });
  expect(one.status).toBe(404);
});
