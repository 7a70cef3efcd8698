import { expect, test } from "vitest";
import { createPlace, ORIGIN, PASSWORD, statusWith } from "../support/identity-app.ts";
import { obtainTokens, postToken, readTokens, refreshForm } from "../support/oauth-flow.ts";

test("signs a client in from registration to a refreshed token", async () => {
  const place = createPlace();
  const tokens = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  expect(await statusWith(place, tokens.accessToken)).toBe(200);
  const refreshed = await readTokens(
    await postToken(place.fetch, ORIGIN, refreshForm(tokens.client, tokens.refreshToken)),
  );
  expect(refreshed.accessToken).not.toBe(tokens.accessToken);
  expect(await statusWith(place, refreshed.accessToken)).toBe(200);
});
