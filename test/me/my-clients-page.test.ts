import { exports } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import type { UserId } from "../../src/core/ids.ts";
import { obtainTokens } from "../support/oauth-flow.ts";
import { addPerson, asVisitor } from "../support/web-visitor.ts";
import { configure, ORIGIN, OWNER_PASSWORD, send } from "../support/worker.ts";

async function statusWith(token: string): Promise<number> {
  const response = await send("/v1/models", { headers: { authorization: `Bearer ${token}` } });
  await response.text();
  return response.status;
}

let cyd: UserId;

// The first request loads the whole Worker.
beforeAll(async () => {
  cyd = await addPerson({ name: "Cyd <b>" });
  await configure({ mcpServers: {} });
}, 30_000);

test("shows a client to whoever let it in and to the owner, who end it", async () => {
  const [owner, person] = [await asVisitor(), await asVisitor(cyd)];
  const fetch = (request: Request) => exports.default.fetch(request);
  const { accessToken } = await obtainTokens(fetch, ORIGIN, OWNER_PASSWORD, `${ORIGIN}/v1`);
  expect(await owner.page("/me/clients")).toContain("Test client");
  const everybodys = await owner.page("/admin/clients");
  expect(everybodys).toContain("Test client");
  const grant = /name="grant" value="([^"]+)"/.exec(everybodys)?.[1] ?? "";

  expect(await person.page("/me/clients")).not.toContain("Test client");
  for (const user of ["owner", cyd]) {
    expect((await person.post("/me/clients", { grant, user })).status).toBe(404);
  }
  expect((await person.post("/admin/clients", { grant, user: "owner" })).status).toBe(403);
  expect(await statusWith(accessToken)).toBe(200);

  expect((await owner.post("/admin/clients", { grant, user: "u-nobody" })).status).toBe(404);
  const ended = await owner.post("/admin/clients", {
    grant,
    user: "owner",
    back: "//evil.example",
  });
  expect(ended.headers.get("location")).toBe("/admin/clients?done=revoked");
  await expect.poll(() => statusWith(accessToken), { timeout: 8_000, interval: 250 }).toBe(401);
});
