import { env, waitUntil } from "cloudflare:workers";
import {
  createExecutionContext,
  listDurableObjectIds,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type App, createApp } from "../../src/app.ts";
import { createMiddle } from "../../src/compose/create-middle.ts";
import type { Env } from "../../src/compose/environment.ts";
import { configureLlm, script } from "../openai/llm-chat.ts";
import { codeForm, obtainCode, postToken, readTokens } from "../support/oauth-flow.ts";
import { signInAsOwner } from "../support/owner-browser.ts";
import { scripted } from "../support/scripted-backend.ts";
import {
  awaitReady,
  type Init,
  LOCAL_COMMAND_KEY,
  ORIGIN,
  OWNER_PASSWORD,
  sendAsOwner,
  STATIC_KEY,
} from "../support/worker.ts";

/** Every secret that has gone through the gateway, by its name. */
const secrets = new Map<string, string>([
  ["owner password", OWNER_PASSWORD],
  ["owner credentials", btoa(`owner:${OWNER_PASSWORD}`)],
  ["static key", STATIC_KEY],
  ["local command key", LOCAL_COMMAND_KEY],
  ["encryption key", "encryption-key-of-the-tests-0123456789"],
  ["backend header", "backend-header-secret-1234567890"],
  ["backend query", "backend-query-secret-1234567890"],
  ["provider key", "provider-key-secret-1234567890"],
  ["password of a person", "correct-horse-battery-staple"],
  ["argument of a call", "argument-secret-1234567890"],
]);

const logged: string[] = [];
/** What the surfaces have answered, but for what hands out a secret. */
const answered: string[] = [];
let app: App;

/** To a Worker that logs all it can. */
async function ask(path: string, token: string, init: Init = {}): Promise<string> {
  const context = createExecutionContext();
  const headers = { authorization: token, "content-type": "application/json", ...init.headers };
  const response = await app(new Request(ORIGIN + path, { ...init, headers }), context);
  const text = `${[...response.headers].join("\n")}\n${await response.text()}`;
  await waitOnExecutionContext(context);
  answered.push(`${path} ${text}`);
  return text;
}

function post(body: object, headers: Record<string, string> = {}): Init {
  return { method: "POST", body: JSON.stringify(body), headers };
}

function owner(method: string, path: string, body?: object): Promise<Response> {
  return sendAsOwner(path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function secret(name: string): string {
  return secrets.get(name) ?? "";
}

beforeAll(async () => {
  for (const level of ["log", "info", "warn", "error", "debug"] as const) {
    vi.spyOn(console, level).mockImplementation((...said: unknown[]) => {
      logged.push(said.map(String).join(" "));
    });
  }
  const quiet: unknown = env;
  const loud = { ...(quiet as Env), LOG_LEVEL: "debug" };
  app = createApp(loud, createMiddle(loud, waitUntil));
  const backend = await scripted({
    "tools/list": { tools: [{ name: "call", inputSchema: { type: "object" } }] },
    "tools/call": { content: [{ type: "text", text: "the answer of the backend" }] },
  });
  await configureLlm("secrets-nowhere", {
    provider: { apiKey: secret("provider key") },
    mcpServers: {
      plain: {
        url: backend.url,
        headers: { Authorization: `Bearer ${secret("backend header")}` },
      },
      away: {
        url: `http://127.0.0.1:1/mcp?key=${secret("backend query")}`,
        headers: { "X-Key": secret("backend header") },
      },
    },
  });
  await awaitReady(["plain"]);

  const person = await (
    await owner("POST", "/admin/api/users", { name: "Ann" })
  ).json<{
    id: string;
  }>();
  const invited = await owner("POST", `/admin/api/users/${person.id}/invitation`);
  const { link } = await invited.json<{ link: string }>();
  secrets.set("invitation", new URL(link).searchParams.get("code")?.split(".")[1] ?? "");
  const { key } = await (
    await owner("POST", "/admin/api/keys", { name: "phone", user: person.id })
  ).json<{ key: string }>();
  secrets.set("key", key);
  const { cookie } = await signInAsOwner();
  secrets.set("session", cookie.split(".")[1] ?? "");

  const fetch = async (request: Request): Promise<Response> => {
    const context = createExecutionContext();
    const response = await app(request, context);
    await waitOnExecutionContext(context);
    return response;
  };
  const { client, code, verifier } = await obtainCode(fetch, ORIGIN, OWNER_PASSWORD);
  const form = codeForm(client, code, verifier);
  const tokens = await readTokens(await postToken(fetch, ORIGIN, form));
  await postToken(fetch, ORIGIN, form); // used twice: refused, and logged
  secrets.set("authorization code", code.split(":")[2] ?? "");
  secrets.set("access token", tokens.accessToken.split(":")[2] ?? "");
  secrets.set("refresh token", tokens.refreshToken.split(":")[2] ?? "");

  const call = (name: string) =>
    post({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name, arguments: { password: secret("argument of a call") } },
    });
  for (const credential of [key, tokens.accessToken, STATIC_KEY, `${key}x`]) {
    const bearer = `Bearer ${credential}`;
    // oxlint-disable no-await-in-loop -- as a client would
    await ask("/mcp", bearer, call("plain_call"));
    await ask("/mcp/away", bearer, call("call"));
    await ask("/status", bearer);
    await ask("/plain/call", bearer, post({ password: secret("argument of a call") }));
    await ask("/v1/models", bearer);
    await ask("/v1/chat/completions", bearer, post(script(["SAY hi"])));
    await ask("/v1/chat/completions", bearer, post(script(["ERR 401"])));
    await ask("/v1/chat/completions", bearer, post(script(["ERR 500"])));
    // oxlint-enable no-await-in-loop
  }
  const basic = `Basic ${secret("owner credentials")}`;
  for (const path of [
    "/admin/api/config",
    "/admin/api/keys",
    "/admin/api/users",
    "/admin/api/grants",
    "/admin/api/audit?limit=1000",
    "/metrics",
  ]) {
    // oxlint-disable-next-line no-await-in-loop
    await ask(path, basic);
  }
  for (const path of ["/admin", "/admin/backends", "/admin/activity", "/me"]) {
    // oxlint-disable-next-line no-await-in-loop
    await ask(path, "", { headers: { cookie } });
  }
  await ask("/admin/api/keys", basic, post({ name: "x", deny: 1, key: secret("key") }));
  await ask("/admin/api/config", basic, {
    method: "PUT",
    body: `{"mcpServers":{"x":{"url":"https://e.example/?key=${secret("backend query")}","typ":1}},"gateway":{"secret":"${secret("backend header")}"}}`,
  });
  await ask("/me/sign-in", "", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: ORIGIN },
    body: `email=ann@example.com&password=${secret("password of a person")}&next=/me`,
  });
}, 90_000);

afterAll(() => {
  vi.restoreAllMocks();
});

function leaks(text: string): readonly string[] {
  return [...secrets].filter(([, value]) => text.includes(value)).map(([name]) => name);
}

test("knows the secrets it looks for, and heard the log", () => {
  for (const [name, value] of secrets) expect([name, value.length >= 16]).toEqual([name, true]);
  expect(logged.length).toBeGreaterThan(0);
  expect(answered.join("\n")).toContain("the answer of the backend");
});

test("no secret stands in a log", () => {
  expect(logged.flatMap((line) => leaks(line).map((name) => `${name}: ${line}`))).toEqual([]);
});

test("no secret stands in an answer", () => {
  expect(
    answered.flatMap((text) => leaks(text).map((name) => `${name}: ${text.slice(0, 300)}`)),
  ).toEqual([]);
});

test("no secret stands in the storage of an object", async () => {
  const namespaces = Object.entries(env).filter(([, value]) => isNamespace(value));
  expect(namespaces.map(([name]) => name)).toEqual(
    expect.arrayContaining(["REGISTRY", "BACKENDS", "GRANTS", "AUDIT", "CALLERS"]),
  );
  const found: string[] = [];
  let looked = 0;
  for (const [binding, value] of namespaces) {
    if (!isNamespace(value)) continue;
    // oxlint-disable no-await-in-loop -- one object after the other
    for (const id of await listDurableObjectIds(value)) {
      const text = await runInDurableObject(value.get(id), async (_, { storage }) => {
        const tables = storage.sql
          .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
          .toArray()
          .filter(({ name }) => !name.startsWith("_cf"));
        const rows = tables.map(({ name }) =>
          storage.sql.exec(`SELECT * FROM "${name}"`).toArray(),
        );
        return JSON.stringify([rows, [...(await storage.list())]]);
      });
      looked += text.length;
      found.push(...leaks(text).map((name) => `${binding}: ${name}`));
    }
    // oxlint-enable no-await-in-loop
  }
  expect(looked).toBeGreaterThan(10_000);
  expect(found).toEqual([]);
});

test("no secret stands in KV", async () => {
  const { keys } = await env.GATEWAY_KV.list();
  expect(keys.length).toBeGreaterThan(0);
  for (const { name, metadata } of keys) {
    // oxlint-disable-next-line no-await-in-loop
    const text = `${name} ${JSON.stringify(metadata)} ${await env.GATEWAY_KV.get(name)}`;
    expect(leaks(text)).toEqual([]);
  }
});

function isNamespace(value: unknown): value is DurableObjectNamespace {
  return value?.constructor?.name === "DurableObjectNamespace";
}
