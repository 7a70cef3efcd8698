import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { toUserId } from "../../src/auth/user-id.ts";
import { ALL } from "../../src/gateway/gateway.ts";
import type { CallerStub } from "../../src/mcp/caller-stub.ts";
import { createSessionDesk } from "../../src/mcp/session-desk.ts";
import { testCaller } from "../support/test-caller.ts";

test("knows a session for the person who opened it, and nobody else behind the same key", async () => {
  const desk = createSessionDesk((userId) => callerObject(userId), Date.now);
  const anna = testCaller({ userId: toUserId("ow-anna") });
  const ben = testCaller({ userId: toUserId("ow-ben") });
  const opening = { scope: ALL, protocolVersion: "2025-11-25", capabilities: {} };
  const { id } = await desk.open(anna, opening);
  expect(await desk.require(anna, ALL, id)).toMatchObject({ id });
  await expect(desk.require(ben, ALL, id)).rejects.toMatchObject({ status: 404 });
});

function callerObject(userId: string): CallerStub {
  const objects: { getByName: (name: string) => unknown } = env.CALLERS;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bound to it in wrangler.toml
  return objects.getByName(userId) as CallerStub;
}
