import { beforeAll, expect, inject, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { awaitReady, configure, sendAuthorized } from "../support/worker.ts";

/** The parts of the config that say where everything is, at the whole Worker. */

async function serve(openapi: JsonObject): Promise<void> {
  await configure({
    mcpServers: { time: { builtin: "time" }, json: { url: inject("fixtures").legacyJson } },
    gateway: { openapi },
  });
  await awaitReady(["time", "json"]);
}

async function calls(path: string): Promise<number> {
  const response = await sendAuthorized(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"timezone":"UTC"}',
  });
  await response.text();
  return response.status;
}

type Document = { servers: { url: string }[]; paths: Record<string, unknown> };

async function documentAt(path: string): Promise<Document | number> {
  const response = await sendAuthorized(path);
  return response.status === 200 ? response.json() : response.status;
}

beforeAll(() => serve({}), 60_000);

test("puts backends below the prefix, and the document over all at the root as well", async () => {
  await serve({ pathPrefix: "/tools" });
  expect(await calls("/tools/time/get_current_time")).toBe(200);
  expect(await calls("/time/get_current_time")).toBe(404);
  expect(await documentAt("/time/openapi.json")).toBe(404);
  expect(await documentAt("/tools/time/openapi.json")).toMatchObject({
    servers: [{ url: "/tools/time" }],
  });
  const whole = await documentAt("/openapi.json");
  expect(whole).toMatchObject({ paths: { "/time/get_current_time": {} } });
  expect(await documentAt("/tools/openapi.json")).toEqual(whole);
  expect(await (await sendAuthorized("/")).json()).toMatchObject({
    servers: [{ openapi: "/tools/json/openapi.json" }, { openapi: "/tools/time/openapi.json" }],
  });
});

test("works behind a proxy that takes the root path away, and behind one that does not", async () => {
  await serve({ rootPath: "/api/mcpo", pathPrefix: "/tools" });
  for (const before of ["", "/api/mcpo"]) {
    expect(await calls(`${before}/tools/time/get_current_time`)).toBe(200);
    expect(await documentAt(`${before}/tools/time/openapi.json`)).toMatchObject({
      servers: [{ url: "/api/mcpo/tools/time" }],
    });
    expect((await sendAuthorized(`${before}/docs`)).status).toBe(200);
  }
  expect(await (await sendAuthorized("/api/mcpo")).json()).toMatchObject({
    docs: "/api/mcpo/docs",
    openapi: "/api/mcpo/openapi.json",
  });
  expect(await calls("/api/mcpo/api/mcpo/tools/time/get_current_time")).toBe(404);
});

test("serves one backend at the root as mcpo does, beside all the others", async () => {
  await serve({ root: "time" });
  expect(await calls("/get_current_time")).toBe(200);
  expect(await calls("/time/get_current_time")).toBe(200);
  expect(await calls("/json/test_simple_text")).toBe(200);
  expect(await calls("/test_simple_text")).toBe(404);
  expect((await sendAuthorized("/get_current_time")).headers.get("allow")).toBe("POST, OPTIONS");
  const root = await documentAt("/openapi.json");
  expect(root).toEqual(await documentAt("/time/openapi.json"));
  expect(root).toMatchObject({ paths: { "/get_current_time": {} } });
  const whole = await documentAt("/gateway/openapi.json");
  expect(whole).toMatchObject({
    paths: { "/time/get_current_time": {}, "/json/test_simple_text": {} },
  });
  expect((await sendAuthorized("/gateway/docs")).status).toBe(200);
  expect(await (await sendAuthorized("/system")).json()).toEqual(
    await (await sendAuthorized("/time/system")).json(),
  );
  expect(await (await sendAuthorized("/resources")).json()).toEqual({
    resources: [],
    resourceTemplates: [],
  });
});
