import { beforeAll, describe, expect, inject, test } from "vitest";
import { parseBackendName } from "../../src/config/backend-name.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { docsPage } from "../../src/openapi/docs-page.ts";
import { HOSTILE } from "../support/docs-offer.ts";
import { configure, send, sendAuthorized } from "../support/worker.ts";

const rooms = parseBackendName("rooms");

/** A tool of the backend "rooms" in a document of all backends. */
function tool(name: string, more: JsonObject = {}, schema?: JsonObject): JsonObject {
  const content = { "application/json": { schema } };
  return {
    [`/rooms/${encodeURIComponent(name)}`]: {
      post: {
        operationId: name,
        tags: ["rooms"],
        ...(schema === undefined ? {} : { requestBody: { content } }),
        ...more,
      },
    },
  };
}

type Shown = { document?: JsonObject; signedIn?: boolean; backend?: typeof rooms };

async function show(paths: JsonObject, { document = {}, signedIn = true, backend }: Shown = {}) {
  const info = { title: "Tools", version: "1.0" };
  const response = await docsPage({
    document: { info, servers: [{ url: "/" }], paths, ...document },
    backend,
    states: [{ name: rooms, state: "ready" }],
    signedIn,
    query: "",
  });
  return { headers: response.headers, text: await response.text() };
}

/** What a reader without a script is shown. */
function readable(text: string): string {
  return text
    .replaceAll(/<(script|style|template|dialog)[^>]*>[^]*?<\/\1>/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ");
}

/** As a browser would take the page apart. */
async function parse(text: string) {
  const names = new Set<string>();
  const attributes = new Set<string>();
  const rewriter = new HTMLRewriter().on("*", {
    element({ tagName, attributes: own }) {
      names.add(tagName);
      for (const [name] of own) if (name !== undefined) attributes.add(name);
    },
  });
  await rewriter.transform(new Response(text)).text();
  return { names, attributes };
}

test("is no longer than a browser takes, and says what it leaves out", async () => {
  const words = { description: "d".repeat(200) };
  const properties = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`a${i}`, words]));
  const tools = Array.from({ length: 600 }, (_, i) => tool(`t${i}`, {}, { properties }));
  const { text } = await show(Object.assign({}, ...tools));
  expect(text.length).toBeLessThan(10_000_000);
  expect(readable(text)).toContain("And 100 more, which are in the document.");
  expect(text.match(/<details/g)).toHaveLength(600);
});

describe("a page of tools", () => {
  test("is readable without a script", async () => {
    const { text } = await show(
      tool(
        "book_room",
        {
          summary: "Book a meeting room",
          description: "Books it for `hours` hours",
          "x-mcp-annotations": { destructiveHint: true },
          responses: {
            200: {
              content: {
                "application/json": {
                  schema: { type: "object", properties: { id: { type: "integer" } } },
                },
              },
            },
          },
        },
        {
          type: "object",
          properties: {
            room: { enum: ["small", "large"], description: "Which one" },
            hours: { type: "integer", minimum: 1, maximum: 8, default: 2 },
          },
          required: ["room"],
        },
      ),
    );
    const words = readable(text);
    for (const said of [
      "book_room",
      "Book a meeting room",
      "Books it for hours hours",
      "destructive",
      "required",
      '"small" | "large"',
      "Which one",
      "integer at least 1, at most 8, default 2",
      "{ id?: integer }",
    ]) {
      expect(words).toContain(said);
    }
  });

  test("shows backends with their state, and those without tools too", async () => {
    const { text } = await show({});
    expect(readable(text)).toMatch(/rooms ready 0 tools/);
    expect(text).toContain('href="/rooms/docs"');
  });

  test("of one backend leads back to all", async () => {
    const { text } = await show(
      { "/draw": { post: { operationId: "draw" } } },
      { backend: rooms, document: { servers: [{ url: "/tools/rooms" }] } },
    );
    expect(text).toContain('href="/tools/docs"');
    expect(text).toContain('data-path="/tools/rooms/draw"');
    expect(text).toContain('href="/tools/rooms/openapi.json"');
  });

  test("names what is read and not called, and makes no tool of it", async () => {
    const { text } = await show({ "/rooms/resources": { get: { summary: "All resources" } } });
    expect(readable(text)).toContain("GET /rooms/resources All resources");
    expect(text).not.toContain('class="tool"');
  });

  test("says whether its requests carry a credential", async () => {
    expect((await show({})).text).toContain('data-signed-in="true"');
    expect((await show({}, { signedIn: false })).text).toContain('data-signed-in="false"');
  });

  test("of two hundred tools stays below 600 KB", async () => {
    const properties = Object.fromEntries(
      Array.from({ length: 6 }, (_, index) => [
        `argument_${index}`,
        { type: "string", description: "What is said of an argument in a sentence or two of text" },
      ]),
    );
    const paths = Object.assign(
      {},
      ...Array.from({ length: 200 }, (_, index) =>
        tool(`tool_${index}`, { description: "x".repeat(300) }, { type: "object", properties }),
      ),
    );
    const { text } = await show(paths);
    expect(text.match(/class="tool"/g)).toHaveLength(200);
    expect(text.length).toBeLessThan(600_000);
  });

  test("brings less than 30 KB of script and style", async () => {
    const { text } = await show({});
    const own = text.match(/<(script|style)[^]*?<\/\1>/g) ?? [];
    expect(own).toHaveLength(2);
    expect(own.join("").length).toBeLessThan(30_000);
  });
});

describe("schemas in a page", () => {
  const components = {
    schemas: {
      Node: {
        type: "object",
        properties: { next: { $ref: "#/components/schemas/Node" }, name: { type: "string" } },
      },
      Loop: { $ref: "#/components/schemas/Loop" },
    },
  };

  async function typeOf(schema: JsonObject): Promise<string> {
    const paths = tool("one", {}, { type: "object", properties: { it: schema } });
    const { text } = await show(paths, { document: { components } });
    return readable(/<tbody>[^]*?<td>([^]*?)<\/td>/.exec(text)?.[1] ?? "").trim();
  }

  test.each<[string, JsonObject]>([
    ["string", { type: "string" }],
    ["string | null", { type: ["string", "null"] }],
    ["string | null", { anyOf: [{ type: "string" }, { type: "null" }] }],
    ['("a" | "b")[]', { type: "array", items: { enum: ["a", "b"] } }],
    ["{ [name]: number }", { type: "object", additionalProperties: { type: "number" } }],
    ["[string, number]", { type: "array", prefixItems: [{ type: "string" }, { type: "number" }] }],
    [
      "{ a: string } & { b?: any }",
      {
        allOf: [
          { properties: { a: { type: "string" } }, required: ["a"] },
          { properties: { b: {} } },
        ],
      },
    ],
    ["string format date, matches ^x", { type: "string", format: "date", pattern: "^x" }],
    ['"only"', { const: "only" }],
    ["any", {}],
    ["any", { $ref: "#/components/schemas/Missing" }],
    ["any", { $ref: "#/components/schemas/Loop" }],
  ])("reads as %s", async (text, schema) => {
    expect(await typeOf(schema)).toBe(text);
  });

  test("that refer to themselves end", async () => {
    expect(await typeOf({ $ref: "#/components/schemas/Node" })).toBe(
      "{ next?: { next?: { next?: Node, name?: string }, name?: string }, name?: string }",
    );
  });

  test("of an argument that refers to a choice let one choose", async () => {
    const { text } = await show(
      tool(
        "one",
        {},
        { type: "object", properties: { size: { $ref: "#/components/schemas/Size" } } },
      ),
      { document: { components: { schemas: { Size: { enum: ["s", "m"] } } } } },
    );
    expect(text).toContain('<option value="&quot;m&quot;">m</option>');
  });

  test("that are no schemas take nothing of the page with them", async () => {
    const odd = { type: "object", properties: { a: 7, b: null, c: { type: 1, enum: "x" } } };
    const { text } = await show({ ...tool("odd", {}, odd), "/x": 4 });
    expect(readable(text)).toContain("odd");
  });
});

describe("strangers' words in a page", () => {
  const everywhere = {
    type: "object",
    title: HOSTILE,
    properties: {
      [HOSTILE]: {
        type: "string",
        description: HOSTILE,
        enum: [HOSTILE, "</select>"],
        default: HOSTILE,
      },
      text: { type: "string", pattern: HOSTILE, examples: ["</textarea>" + HOSTILE] },
    },
    required: [HOSTILE],
  };
  const paths = {
    ...tool(
      HOSTILE,
      {
        operationId: HOSTILE,
        tags: [HOSTILE],
        summary: HOSTILE,
        description: `${HOSTILE}\n\n\`${HOSTILE}\` [link](javascript:alert(1)) \`${HOSTILE}`,
      },
      everywhere,
    ),
    [`/${HOSTILE}`]: { get: { summary: HOSTILE } },
  };
  const info = { title: HOSTILE, version: HOSTILE, description: HOSTILE };

  test("stay text wherever they stand", async () => {
    const { text } = await show(paths, { document: { info } });
    const { names, attributes } = await parse(text);
    expect(names.has("img") || names.has("iframe")).toBe(false);
    expect([...attributes].filter((name) => name.startsWith("on"))).toEqual([]);
    expect(text.match(/<script/g)).toHaveLength(1);
    expect(text).not.toMatch(/(href|src)="javascript/);
    expect(readable(text)).toContain("<img src=x");
  });

  test("are not turned around by characters that are not seen", async () => {
    const { text } = await show(tool("one", { description: "safe\u202etxt.exe\u2066\u0007" }));
    expect(text).toContain("safetxt.exe");
  });

  test("keep their paragraphs, headings, lines and code", async () => {
    const description = "# First `part`\n\n#no heading\n- one\n- `two`, and ` alone\r\n\r\n\n";
    const { text } = await show(tool("one", { description }));
    expect(/<div class="prose">(<p><strong>[^]*?)<\/div>/.exec(text)?.[1]?.trim()).toBe(
      "<p><strong>First <code>part</code></strong></p>" +
        "<p>#no heading\n- one\n- <code>two</code>, and ` alone</p>",
    );
  });

  test("are shown up to a length", async () => {
    const { text } = await show(tool("one", { description: "word ".repeat(100_000) }));
    expect(text.length).toBeLessThan(60_000);
  });
});

describe("a page from the gateway", () => {
  const page = { headers: { accept: "text/html" } };

  // The first request loads the whole Worker.
  beforeAll(
    () =>
      configure({
        mcpServers: {
          time: { builtin: "time" },
          "secret-backend": { url: `${inject("fixtures").quirky}/plain/docs` },
        },
      }),
    30_000,
  );

  test("asks for a key and says nothing of what there is", async () => {
    for (const path of ["/docs", "/time/docs", "/secret-backend/docs", "/"]) {
      const response = await send(path, page);
      expect(response.status).toBe(401);
      expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
      const text = await response.text();
      expect(text).toContain('type="password"');
      expect(text).not.toMatch(/get_current_time|secret-backend|time_/);
    }
  });

  test("leads from the bare address to one's own page", async () => {
    expect(await (await send("/", page)).text()).toContain('href="/me"');
    expect((await send("/")).headers.get("content-type")).toContain("json");
  });

  test("says that a key is wrong", async () => {
    const headers = { ...page.headers, authorization: "Bearer wrong" };
    const response = await send("/docs", { headers });
    expect(response.status).toBe(401);
    expect(await response.text()).toMatch(/role="alert">Cannot [^<]+</);
  });

  test("runs its own script only, speaks to us only, and is neither framed nor kept", async () => {
    for (const response of [await send("/docs", page), await sendAuthorized("/docs", page)]) {
      const policy = response.headers.get("content-security-policy") ?? "";
      const nonce = /script-src 'nonce-([\w-]{22})'/.exec(policy)?.[1] ?? "";
      expect(policy.split("; ")).toEqual([
        "default-src 'none'",
        `script-src 'nonce-${nonce}'`,
        `style-src 'nonce-${nonce}'`,
        "connect-src 'self'",
        "img-src data:",
        "media-src data:",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ]);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
      });
      const text = await response.text();
      const nonces = [...text.matchAll(/<(?:script|style) nonce="([^"]+)"/g)].map(([, one]) => one);
      expect(nonces).toEqual([nonce, nonce]);
      expect(text).not.toMatch(/(?:src|href|action)="(?:https?:)?\/\//);
      expect(/<style[^]*<\/style>/.exec(text)?.[0]).not.toMatch(/url\(|@import/);
    }
  });

  test("is shown after the browser's own dialog where its reader asks for that", async () => {
    const asked = await send("/docs?sign-in=basic", page);
    expect(asked.headers.get("www-authenticate")).toMatch(/^Basic realm="[^"]+", charset="UTF-8"$/);
    expect((await send("/docs", page)).headers.get("www-authenticate")).toMatch(/^Bearer [^,]*$/);
    const shown = await sendAuthorized("/docs?sign-in=basic", page);
    expect(await shown.text()).toContain('href="/time/docs?sign-in=basic"');
  });

  test("has another nonce each time", async () => {
    const [one, two] = await Promise.all([send("/docs", page), send("/docs", page)]);
    expect(one.headers.get("content-security-policy")).not.toBe(
      two.headers.get("content-security-policy"),
    );
  });

  test("carries its script whole, as one without modules", async () => {
    const text = await (await send("/docs", page)).text();
    const script = /<script[^>]*>([^]*)<\/script>/.exec(text)?.[1] ?? "";
    expect(script).toContain('"use strict"');
    expect(script).toContain("function runTool(");
    expect(script).not.toMatch(/^(import|export)\b|\/\*\*/m);
  });

  test("shows the tools to who has a key", async () => {
    const response = await sendAuthorized("/time/docs", page);
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toContain('data-path="/time/get_current_time"');
    expect(text).toContain('data-signed-in="true"');
  });
});
