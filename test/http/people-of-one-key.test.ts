import { env, waitUntil } from "cloudflare:workers";
import { beforeAll, expect, inject, test } from "vitest";
import { createMiddle } from "../../src/compose/create-middle.ts";
import type { Env } from "../../src/compose/environment.ts";
import type { Caller } from "../../src/auth/caller.ts";
import { afterTimeout } from "../../src/core/patience.ts";
import { ALL, type CallContext } from "../../src/gateway/gateway.ts";
import { createPeopleDoor } from "../support/people-door.ts";
import { awaitReady, configure } from "../support/worker.ts";

/** Two people behind one key of Open WebUI, through the real gateway to a backend with sessions. */

const bindings: unknown = env; // their full types are deeper than the compiler goes
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the bindings of wrangler.toml
const { gateway } = createMiddle(bindings as Env, waitUntil);
const door = createPeopleDoor();
let key: string;

const context = (): CallContext => ({
  signal: new AbortController().signal,
  after: afterTimeout,
  waitUntil: (work) => void work.catch(() => {}),
  requestId: "test",
});

beforeAll(async () => {
  const { quirky } = inject("fixtures");
  const url = `${quirky}/session/${crypto.randomUUID()}`;
  await configure({
    mcpServers: { erp: { url }, home: { builtin: "time" } },
    gateway: {
      openWebui: {
        rules: [
          { groups: ["sales"], allow: ["erp"] },
          { groups: ["family"], allow: ["erp", "home/get_*"] },
        ],
      },
    },
  });
  await awaitReady(["erp", "home"]);
  ({ key } = await door.keys.create({ name: "open webui", openWebui: "headers" }));
}, 30_000);

function person(id: string, group: string): Promise<Caller> {
  return door.ask(key, { "x-openwebui-user-id": id, "x-openwebui-user-groups": group });
}

async function toolsOf(caller: Caller): Promise<readonly string[]> {
  return (await gateway.tools(caller, ALL, context())).map(({ name }) => name);
}

async function sessionOf(caller: Caller): Promise<unknown> {
  const answer = await gateway.forward(
    caller,
    { method: "tools/call", scope: ALL, id: 1, params: { name: "erp_call", arguments: {} } },
    context(),
  );
  return JSON.parse(answer.text).result?.session;
}

test("shows each person of a key the tools of their groups, and no other exists", async () => {
  const anna = await person("anna-1", "sales");
  const ben = await person("ben-2", "family");
  expect(await toolsOf(anna)).toEqual(["erp_call"]);
  expect(await toolsOf(ben)).toEqual(["erp_call", "home_get_current_time"]);
  const hidden = {
    method: "tools/call",
    scope: ALL,
    id: 1,
    params: { name: "home_get_current_time" },
  } as const;
  await expect(gateway.forward(anna, hidden, context())).rejects.toMatchObject({
    code: "not_found",
  });
});

test("keeps the backend sessions of two people of a key apart", async () => {
  const [anna, ben] = [await person("anna-1", "sales"), await person("ben-2", "sales")];
  const [first, second] = [await sessionOf(anna), await sessionOf(ben)];
  expect(first).toEqual(expect.any(String));
  expect(second).toEqual(expect.any(String));
  expect(second).not.toBe(first);
  expect(await sessionOf(anna)).toBe(first);
});
