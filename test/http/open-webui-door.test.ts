import { sign } from "hono/jwt";
import { beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { awaitReady, configure, readReply, send, sendAsOwner } from "../support/worker.ts";

/** People of Open WebUI at the doors of the whole Worker. */

const SECRET = "open-webui-secret-of-the-tests";
let key: string;

beforeAll(async () => {
  await configure({
    mcpServers: { time: { builtin: "time" } },
    gateway: {
      openWebui: {
        jwtSecret: SECRET,
        rules: [{ roles: ["pending"], deny: ["time/convert_time"] }],
      },
    },
  });
  await awaitReady(["time"]);
  const created = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "open webui", openWebui: "jwt" }),
  });
  ({ key } = await created.json<{ key: string }>());
}, 30_000);

async function tokenFor(role: string): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { sub: `a-${role}`, role, iss: "open-webui", iat: now, exp: now + 300 };
  return sign(claims, SECRET, "HS256");
}

function listTools(token: string, headers: Record<string, string> = {}): Promise<Response> {
  return send("/mcp", {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "x-openwebui-user-jwt": token,
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
}

async function namesAt(path: string, token: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}`, "x-openwebui-user-jwt": token };
  const { data } = await (
    await send(path, { headers })
  ).json<{
    data: { function: { name: string } }[];
  }>();
  return data.map((tool) => tool.function.name);
}

test("offers a person the same tools at every door", async () => {
  for (const [role, tools] of [
    ["user", ["time_convert_time", "time_get_current_time"]],
    ["pending", ["time_get_current_time"]],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const token = await tokenFor(role);
    // oxlint-disable-next-line no-await-in-loop
    const { result } = (await readReply(await listTools(token))).message;
    const listed = (result?.["tools"] ?? []) as readonly JsonObject[];
    expect(listed.map(({ name }) => name)).toEqual(tools);
    // oxlint-disable-next-line no-await-in-loop
    expect(await namesAt("/v1/tools", token)).toEqual(tools);
  }
});

test("refuses a token that is not good at every door, in words a person reads", async () => {
  const forged = (await tokenFor("admin")).replace(/\.[^.]+$/, ".AAAA");
  expect((await listTools(forged)).status).toBe(401);
  const response = await send("/v1/tools", {
    headers: { authorization: `Bearer ${key}`, "x-openwebui-user-jwt": forged },
  });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({
    error: { message: expect.stringMatching(/X-OpenWebUI-User-Jwt is not valid here/) },
  });
});
