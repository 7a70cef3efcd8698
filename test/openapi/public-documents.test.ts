import { beforeAll, expect, test } from "vitest";
import { keyFor } from "../support/key-for.ts";
import { configure, send } from "../support/worker.ts";

beforeAll(
  () =>
    configure({
      mcpServers: { time: { builtin: "time" } },
      gateway: { openapi: { publicDocuments: true } },
    }),
  30_000,
);

test.each([
  "/",
  "/docs",
  "/openapi.json",
  "/system",
  "/api/config",
  "/time",
  "/time/docs",
  "/time/openapi.json",
  "/time/system",
  "/time/api/config",
])("opens %s to everybody, where the owner says so", async (path) => {
  for (const method of ["GET", "HEAD"]) {
    const response = await send(path, { method });
    expect(response.status).toBe(200);
    await response.text();
  }
});

test("opens nothing that reaches a backend, and no other surface", async () => {
  const asked = [
    ["POST", "/time/get_current_time"],
    ["POST", "/time/docs"],
    ["OPTIONS", "/time/get_current_time"],
    ["DELETE", "/docs"],
    ["GET", "/time/get_current_time"],
    ["GET", "/time/resources"],
    ["GET", "/time/resources/test://x"],
    ["GET", "/time/prompts"],
    ["POST", "/time/prompts/x"],
    ["GET", "/none"],
    ["GET", "/v1/tools"],
    ["GET", "/status"],
    ["POST", "/mcp"],
  ] as const;
  const answers = await Promise.all(
    asked.map(async ([method, path]) => (await send(path, { method })).status),
  );
  expect(answers).toEqual(asked.map(() => 401));
});

test("shows a key what it may see, and refuses one that is wrong", async () => {
  const wrong = { authorization: "Bearer wrong" };
  expect((await send("/openapi.json", { headers: wrong })).status).toBe(401);
  const narrow = { authorization: `Bearer ${await keyFor({ deny: ["time"] })}` };
  const own = await send("/openapi.json", { headers: narrow });
  expect(await own.text()).not.toContain("get_current_time");
  expect((await send("/time/openapi.json", { headers: narrow })).status).toBe(404);
  expect(await (await send("/openapi.json")).text()).toContain("get_current_time");
});
