import { afterAll, beforeAll, expect, test } from "vitest";
import { quirk } from "../support/backend-calls.ts";
import {
  callRest,
  documentOf,
  openShop,
  propertyIn,
  type Row,
  type Shop,
  told,
} from "../support/mcpo-shop.ts";
import { configure, send, sendAsOwner, sendAuthorized, STATIC_KEY } from "../support/worker.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => configure({ mcpServers: {} }));

const COMPAT = "?compat=mcpo";
const PAGE = { headers: { origin: "https://chat.example.com" } };

async function mintKey(options: object): Promise<string> {
  const made = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(options),
  });
  return ((await made.json()) as { key: string }).key;
}

/** The surface of mcpo 0.0.20 as measured, row by row; what is not HTTP is held elsewhere. */
const ROWS: readonly Row[] = [
  {
    row: "C27",
    verdict: "better",
    says: "serves any name at a path of that name, and at one that needs no escaping",
    holds: async () => {
      expect((await callRest("/my%20server/call", {})).status).toBe(200);
      expect((await callRest("/my-server/call", {})).status).toBe(200);
    },
  },
  {
    row: "C28",
    verdict: "better",
    says: "has one document with the tools of all backends",
    holds: async () => {
      const { paths } = await documentOf("/openapi.json");
      expect(Object.keys(paths)).toEqual(
        expect.arrayContaining(["/shop/convert_time", "/my-server/call"]),
      );
      for (const path of ["/docs", "/redoc"]) {
        const page = await sendAuthorized(path, { headers: { accept: "text/html" } });
        expect(page.status).toBe(200);
        expect(page.headers.get("content-type")).toContain("text/html");
      }
    },
  },
  {
    row: "C29",
    verdict: "better",
    says: "has pages and a document per backend, and redirects nowhere",
    holds: async () => {
      for (const path of ["/shop/docs", "/shop/redoc", "/shop/openapi.json", "/shop", "/shop/"]) {
        expect((await sendAuthorized(path)).status).toBe(200);
      }
    },
  },
  {
    row: "C30",
    verdict: "same",
    says: "names the backend as the server of its document",
    holds: async () => {
      expect((await documentOf("/shop/openapi.json")).servers).toEqual([{ url: "/shop" }]);
    },
  },
  {
    row: "C31",
    verdict: "same",
    says: "takes title, version and description from the backend",
    holds: async () => {
      const { info } = await documentOf("/shop/openapi.json");
      expect(info).toMatchObject({ title: "Corner shop", version: "3.2.1" });
      expect(info.description).toContain("Prices are in cents");
    },
  },
  {
    row: "C32",
    verdict: "better",
    says: "names operations as their tools, and as mcpo does where that is asked for",
    holds: async () => {
      const { paths } = await documentOf("/shop/openapi.json");
      expect(paths["/convert_time"]?.post).toMatchObject({
        operationId: "convert_time",
        summary: "Convert a time",
        description: "Converts a time between zones",
      });
      const old = await documentOf(`/shop/openapi.json${COMPAT}`);
      expect(old.paths["/convert_time"]?.post).toMatchObject({
        operationId: "tool_convert_time_post",
        summary: "Convert Time",
      });
      const ids = Object.values(old.paths).map(({ post }) => post?.operationId);
      expect(ids).toEqual(
        expect.arrayContaining(["tool_do_t_post", "tool_sp_ace_post", "tool_a_b_post"]),
      );
    },
  },
  {
    row: "C33",
    verdict: "same",
    says: "finds tools whose names have dots, spaces and slashes",
    holds: async () => {
      for (const path of ["/shop/do.t", "/shop/sp%20ace", "/shop/a/b", "/shop/a%2Fb"]) {
        expect((await callRest(path, {})).status).toBe(200);
      }
    },
  },
  {
    row: "C34",
    verdict: "same",
    says: "wants no body for a tool without arguments",
    holds: async () => {
      const { paths } = await documentOf("/shop/openapi.json");
      expect(paths["/nothing"]?.post?.requestBody).toBeUndefined();
      expect((await callRest("/shop/nothing")).status).toBe(200);
      expect((await callRest("/shop/nothing", {})).status).toBe(200);
    },
  },
  {
    row: "C35",
    verdict: "better",
    says: "passes every argument on to a tool that takes any",
    holds: async () => {
      expect((await callRest("/shop/free", { x: 1, deep: { y: [null] } })).status).toBe(200);
      expect(await shop.lastArguments()).toEqual({ x: 1, deep: { y: [null] } });
    },
  },
  {
    row: "C36",
    verdict: "better",
    says: "says which method a tool takes, and takes a slash at the end",
    holds: async () => {
      const wrong = await sendAuthorized("/shop/convert_time");
      expect(wrong.status).toBe(405);
      expect(wrong.headers.get("allow")).toContain("POST");
      expect(await told(sendAuthorized(`/shop/convert_time${COMPAT}`))).toEqual([
        405,
        { detail: "Method Not Allowed" },
      ]);
      expect((await callRest("/shop/nothing/", {})).status).toBe(200);
    },
  },
  {
    row: "C37",
    verdict: "better",
    says: "knows no other tool or backend, and says that it is well",
    holds: async () => {
      expect((await callRest("/shop/unknown", {})).status).toBe(404);
      expect((await callRest("/unknown/tool", {})).status).toBe(404);
      expect(await told(callRest(`/shop/unknown${COMPAT}`, {}))).toEqual([
        404,
        { detail: "Not Found" },
      ]);
      expect((await send("/health")).status).toBe(200);
    },
  },
  {
    row: "C38",
    verdict: "better",
    says: "answers 503 and when to come back for a backend that is down",
    holds: async () => {
      for (const answer of [callRest("/down/tool", {}), sendAuthorized("/down/openapi.json")]) {
        const response = await answer;
        expect(response.status).toBe(503);
        expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      }
    },
  },
  {
    row: "C39",
    verdict: "better",
    says: "follows every page of a list of tools",
    holds: async () => {
      expect(Object.keys((await documentOf("/paged/openapi.json")).paths)).toHaveLength(50);
    },
  },
  {
    row: "C40",
    verdict: "better",
    says: "tells annotations, and has resources and prompts",
    holds: async () => {
      const { paths } = await documentOf("/shop/openapi.json");
      expect(paths["/convert_time"]?.post?.["x-mcp-annotations"]).toEqual({ readOnlyHint: true });
      expect((await sendAuthorized("/shop/resources")).status).toBe(200);
      expect((await sendAuthorized("/shop/prompts")).status).toBe(200);
    },
  },
  {
    row: "C41",
    verdict: "better",
    says: "keeps types, unions, nesting and references",
    holds: async () => {
      const document = await documentOf("/shop/openapi.json");
      const property = (name: string) => propertyIn(document, "whole", name);
      expect(property("mixed")).toEqual({ type: ["string", "number"] });
      expect(property("inner")).toMatchObject({ type: "object", required: ["a"] });
      expect(property("rows")).toMatchObject({ type: "array", items: { type: "object" } });
      expect(property("ref")).toMatchObject({ properties: { lat: { type: "number" } } });
      expect(JSON.stringify(document)).not.toContain("#/$defs");
    },
  },
  {
    row: "C42",
    verdict: "better",
    says: "tells defaults, and leaves them to the backend",
    holds: async () => {
      const document = await documentOf("/shop/openapi.json");
      expect(propertyIn(document, "convert_time", "count")).toEqual({
        type: "integer",
        default: 2,
      });
      expect(
        document.paths["/convert_time"]?.post?.requestBody?.content["application/json"]?.schema,
      ).toMatchObject({ required: ["source"] });
      await callRest("/shop/convert_time", { source: "x" });
      expect(await shop.lastArguments()).toEqual({ source: "x" });
    },
  },
  {
    row: "C43",
    verdict: "better",
    says: "keeps what narrows a value, and holds calls to it",
    holds: async () => {
      const document = await documentOf("/shop/openapi.json");
      const property = (name: string) => propertyIn(document, "whole", name);
      expect(property("colour")).toEqual({ type: "string", enum: ["red", "green"] });
      expect(property("amount")).toMatchObject({ minimum: 1, maximum: 3 });
      expect(property("code")).toMatchObject({ pattern: "^[a-z]+$", minLength: 2, maxLength: 4 });
      expect(property("day")).toMatchObject({ format: "date" });
      expect(property("kind")).toMatchObject({ const: "invoice" });
      expect(property("either")).toHaveProperty("oneOf");
      expect(property("both")).toHaveProperty("allOf");
      expect(property("pair")).toHaveProperty("prefixItems");
      expect(property("map")).toMatchObject({ additionalProperties: { type: "integer" } });
      expect(property("note")).toMatchObject({ anyOf: [{ description: "a note" }, {}] });
      expect(property("old")).toMatchObject({ deprecated: true, title: "Old", examples: ["x"] });
      const before = (await shop.calls()).length;
      const [status, body] = await told(callRest("/shop/whole", { colour: "purple" }));
      expect(status).toBe(422);
      expect(body).toMatchObject({ detail: [{ loc: ["body", "colour"], input: "purple" }] });
      expect(JSON.stringify(body)).toMatch(/red.*green/);
      for (const wrong of [{ amount: 4 }, { code: "UP" }, { kind: "order" }, { map: { a: "x" } }]) {
        expect((await callRest("/shop/whole", wrong)).status).toBe(422);
      }
      expect((await shop.calls()).length).toBe(before);
    },
  },
  {
    row: "C44",
    verdict: "better",
    says: "drops no key, at the top or below",
    holds: async () => {
      const args = { inner: { a: "1", extra: 2 }, more: true };
      await callRest("/shop/whole", args);
      expect(await shop.lastArguments()).toEqual(args);
    },
  },
  {
    row: "C45",
    verdict: "better",
    says: "passes an explicit null on",
    holds: async () => {
      await callRest("/shop/whole", { note: null });
      expect(await shop.lastArguments()).toEqual({ note: null });
    },
  },
  {
    row: "C46",
    verdict: "better",
    says: "reads a number out of a text only where that is asked for",
    holds: async () => {
      expect((await callRest("/shop/whole", { amount: "2" })).status).toBe(422);
      expect((await callRest(`/shop/whole${COMPAT}`, { amount: "2" })).status).toBe(200);
      expect(await shop.lastArguments()).toEqual({ amount: 2 });
      expect((await callRest(`/shop/whole${COMPAT}`, { amount: 1.5 })).status).toBe(422);
    },
  },
  {
    row: "C47",
    verdict: "better",
    says: "reads references of every kind, and loses no tool to one that leads nowhere",
    holds: async () => {
      const document = await documentOf("/shop/openapi.json");
      expect(propertyIn(document, "defined", "q")).toMatchObject({ enum: ["a", "b"] });
      expect(document.paths["/lost"]?.post).toBeDefined();
      expect((await callRest("/shop/lost", { q: 1 })).status).toBe(200);
      expect((await callRest("/shop/defined", { q: "c" })).status).toBe(422);
    },
  },
  {
    row: "C48",
    verdict: "better",
    says: "takes arguments of any name",
    holds: async () => {
      await callRest("/shop/underscored", { __top: 5, model_config: "x" });
      expect(await shop.lastArguments()).toEqual({ __top: 5, model_config: "x" });
    },
  },
  {
    row: "C49",
    verdict: "better",
    says: "tells the arguments of a schema that is put together at the top",
    holds: async () => {
      const document = await documentOf("/shop/openapi.json");
      const schema =
        document.paths["/topmost"]?.post?.requestBody?.content["application/json"]?.schema ?? {};
      expect(schema["type"]).toBe("object");
      expect(Object.keys(schema["properties"] ?? {}).toSorted()).toEqual(["one", "three", "two"]);
      expect(schema["required"]).toEqual(["one"]);
    },
  },
  {
    row: "C50",
    verdict: "better",
    says: "refuses arguments in FastAPI's words, and a broken body as what it is",
    holds: async () => {
      const [status, missing] = await told(callRest("/shop/convert_time", {}));
      expect(status).toBe(422);
      expect(missing).toMatchObject({
        detail: [{ type: "missing", loc: ["body", "source"], msg: expect.any(String) }],
      });
      expect((await callRest("/shop/convert_time")).status).toBe(422);
      expect((await callRest("/shop/convert_time", "[1]")).status).toBe(422);
      expect((await callRest("/shop/convert_time", "{")).status).toBe(400);
      expect(await told(callRest(`/shop/convert_time${COMPAT}`, "{"))).toMatchObject([
        422,
        { detail: [{ type: "json_invalid" }] },
      ]);
      const form = { headers: { "content-type": "application/x-www-form-urlencoded" } };
      expect((await callRest("/shop/convert_time", "source=x", form)).status).toBe(415);
      expect((await callRest(`/shop/convert_time${COMPAT}`, "source=x", form)).status).toBe(422);
    },
  },
  {
    row: "C65",
    verdict: "better",
    says: "tells what a tool answers",
    holds: async () => {
      const { paths } = await documentOf("/shop/openapi.json");
      expect(
        paths["/typed"]?.post?.responses["200"]?.content?.["application/json"]?.schema,
      ).toMatchObject({ properties: { temp: { type: "number" } }, required: ["temp"] });
    },
  },
  {
    row: "C66",
    verdict: "same",
    says: "gives a backend's errors the status mcpo gives them",
    holds: async () => {
      const statuses = { refuses: 400, misses: 404, mistaken: 422, breaks: 500, odd: 500 };
      for (const [tool, status] of Object.entries(statuses)) {
        expect((await callRest(`/shop/${tool}`, {})).status).toBe(status);
      }
      expect(await told(callRest(`/shop/breaks${COMPAT}`, {}))).toEqual([
        500,
        { detail: { message: "boom" } },
      ]);
    },
  },
  {
    row: "C67",
    verdict: "better",
    says: "says what a tool said of its failure, all of it",
    holds: async () => {
      const [status, body] = await told(callRest("/shop/fails", {}));
      expect(status).toBe(500);
      expect(body).toMatchObject({
        detail: {
          code: "tool_error",
          server: "shop",
          tool: "fails",
          request_id: expect.any(String),
        },
      });
      const { message } = (body as { detail: { message: string } }).detail;
      expect(message).toContain("Doc not found: INV-1");
      expect(message).toContain("Try INV-2");
    },
  },
  {
    row: "C68",
    verdict: "better",
    says: "tells a backend that broke off from one that takes too long",
    holds: async () => {
      await configure({
        mcpServers: {
          broken: { url: quirk("rst").url },
          slow: { url: quirk("hang").url, timeout: 1 },
        },
      });
      expect((await callRest("/broken/call", {})).status).toBe(502);
      expect((await callRest("/slow/call", {})).status).toBe(504);
      shop = await openShop();
    },
  },
  {
    row: "C69",
    verdict: "better",
    says: "begins a new session where the backend forgot the old one",
    holds: async () => {
      const { url, control } = quirk("session");
      await configure({ mcpServers: { forgetful: { url } } });
      expect((await callRest("/forgetful/call", {})).status).toBe(200);
      await control({ loseSessions: true });
      expect((await callRest("/forgetful/call", {})).status).toBe(200);
      shop = await openShop();
    },
  },
  {
    row: "C70",
    verdict: "better",
    says: "never makes a call again that may have run",
    holds: async () => {
      const { url, arrived } = quirk("rst");
      await configure({ mcpServers: { broken: { url } } });
      await callRest("/broken/call", {});
      const calls = (await arrived()).filter(({ message }) => message?.method === "tools/call");
      expect(calls).toHaveLength(1);
      shop = await openShop();
    },
  },
  {
    row: "C71",
    verdict: "better",
    says: "keeps the sessions of its users apart",
    holds: async () => {
      const { url, arrived } = quirk("session");
      await configure({ mcpServers: { keeps: { url } } });
      for (const name of ["ann", "bob"]) {
        const authorization = `Bearer ${await mintKey({ name })}`;
        const init = { method: "POST", headers: { authorization } };
        expect((await send("/keeps/call", init)).status).toBe(200);
      }
      const sessions = (await arrived())
        .filter(({ message }) => message?.method === "tools/call")
        .map(({ headers }) => headers["mcp-session-id"]);
      expect(new Set(sessions).size).toBe(2);
      shop = await openShop();
    },
  },
  {
    row: "C72",
    verdict: "better",
    says: "is closed to everyone without a key",
    holds: async () => {
      for (const path of ["/docs", "/openapi.json", "/shop/docs", "/shop/openapi.json"]) {
        expect((await send(path)).status).toBe(401);
      }
      expect((await send("/shop/nothing", { method: "POST" })).status).toBe(401);
    },
  },
  {
    row: "C73",
    verdict: "better",
    says: "refuses a missing key and a wrong one with 401, documents included",
    holds: async () => {
      const missing = await send("/shop/nothing", { method: "POST" });
      expect(missing.headers.get("www-authenticate")).toContain("Bearer");
      const headers = { authorization: "Bearer wrong" };
      expect((await send("/shop/nothing", { method: "POST", headers })).status).toBe(401);
      expect((await send("/shop/openapi.json", { headers })).status).toBe(401);
    },
  },
  {
    row: "C74",
    verdict: "better",
    says: "takes the key as Bearer in any case, and as the password of Basic everywhere",
    holds: async () => {
      const basic = { authorization: `Basic ${btoa(`anyone:${STATIC_KEY}`)}` };
      const lower = { authorization: `bearer ${STATIC_KEY}` };
      for (const headers of [basic, lower]) {
        expect((await send("/shop/openapi.json", { headers })).status).toBe(200);
        expect((await send("/shop/nothing", { method: "POST", headers })).status).toBe(200);
      }
      const wrong = { authorization: `Basic ${btoa("anyone:wrong")}` };
      expect((await send("/shop/openapi.json", { headers: wrong })).status).toBe(401);
    },
  },
  {
    row: "C75",
    verdict: "better",
    says: "lets pages read refusals",
    holds: async () => {
      for (const path of ["/shop/openapi.json", "/unknown/openapi.json"]) {
        const response = await send(path, PAGE);
        expect(response.status).toBe(401);
        expect(response.headers.get("access-control-allow-origin")).toBe("*");
      }
    },
  },
  {
    row: "C76",
    verdict: "better",
    says: "answers a preflight without a key, and never allows credentials",
    holds: async () => {
      const response = await send("/shop/convert_time", {
        method: "OPTIONS",
        headers: {
          ...PAGE.headers,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,content-type,x-session-id",
        },
      });
      expect(response.status).toBe(204);
      expect(response.headers.get("access-control-allow-headers")).toContain("authorization");
      expect(response.headers.get("access-control-allow-headers")).toContain("x-session-id");
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    },
  },
  {
    row: "C77",
    verdict: "better",
    says: "has keys of different rights, which can be revoked",
    holds: async () => {
      const key = await mintKey({ name: "narrow", allow: ["shop/nothing"] });
      const headers = { authorization: `Bearer ${key}` };
      expect((await send("/shop/nothing", { method: "POST", headers })).status).toBe(200);
      expect((await send("/shop/free", { method: "POST", headers })).status).toBe(404);
      const document = await (await send("/shop/openapi.json", { headers })).json();
      expect(Object.keys((document as { paths: object }).paths)).toEqual(["/nothing"]);
    },
  },
  {
    row: "C78",
    verdict: "better",
    says: "keeps arguments out of what it records",
    holds: async () => {
      await callRest("/shop/free", { iban: "secret-of-the-caller" });
      const audit = await (await sendAsOwner("/admin/api/audit")).text();
      expect(audit).not.toContain("secret-of-the-caller");
    },
  },
  {
    row: "C80",
    verdict: "better",
    says: "works below a path, whether the proxy in front strips it or not",
    holds: async () => {
      await openShop({}, { openapi: { rootPath: "/api/mcpo", pathPrefix: "/tools" } });
      for (const path of ["/api/mcpo/tools/shop", "/tools/shop"]) {
        expect((await callRest(`${path}/nothing`, {})).status).toBe(200);
        expect((await documentOf(`${path}/openapi.json`)).servers).toEqual([
          { url: "/api/mcpo/tools/shop" },
        ]);
      }
      expect((await callRest("/shop/nothing", {})).status).toBe(404);
    },
  },
];

test.each(ROWS)("$row $verdict: $says", ({ holds }) => holds(shop));

test("leaves out no row of the surface", () => {
  const held = ROWS.map(({ row }) => Number(row.slice(1)));
  const from = (first: number, last: number): number[] =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index);
  // Results (51 to 64) have a table of their own; TLS and shutting down (79) are the command's.
  expect(held).toEqual([...from(27, 50), ...from(65, 78), 80]);
});
