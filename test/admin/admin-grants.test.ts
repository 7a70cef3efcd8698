import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { obtainTokens } from "../support/oauth-flow.ts";
import { ORIGIN, OWNER_PASSWORD, send, sendAsOwner } from "../support/worker.ts";

const GRANTS = "/admin/api/grants";

type Grants = { grants: { id: string; clientName: string | null; scopes: string[] }[] };

async function readGrants(): Promise<Grants["grants"]> {
  const { grants } = await (await sendAsOwner(GRANTS)).json<Grants>();
  return grants;
}

async function statusWith(token: string): Promise<number> {
  const response = await send("/v1/models", { headers: { authorization: `Bearer ${token}` } });
  await response.text();
  return response.status;
}

test("shows which client was let in, and ends it", async () => {
  expect(await readGrants()).toEqual([]);
  const { accessToken } = await obtainTokens(
    (request) => exports.default.fetch(request),
    ORIGIN,
    OWNER_PASSWORD,
    `${ORIGIN}/v1`,
  );
  expect(await statusWith(accessToken)).toBe(200);
  const [grant, ...others] = await readGrants();
  expect(others).toEqual([]);
  expect(grant).toMatchObject({ clientName: "Test client", scopes: ["v1"] });
  const ended = await sendAsOwner(`${GRANTS}/${grant?.id}`, { method: "DELETE" });
  expect(ended.status).toBe(204);
  expect(await readGrants()).toEqual([]);
  await expect.poll(() => statusWith(accessToken), { timeout: 8_000, interval: 250 }).toBe(401);
});

test("ends no grant that is not there", async () => {
  expect((await sendAsOwner(`${GRANTS}/none`, { method: "DELETE" })).status).toBe(404);
});

test("lets no token of a client at the owner's pages", async () => {
  const { accessToken } = await obtainTokens(
    (request) => exports.default.fetch(request),
    ORIGIN,
    OWNER_PASSWORD,
  );
  const response = await send(GRANTS, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  expect(response.status).toBe(401);
});
