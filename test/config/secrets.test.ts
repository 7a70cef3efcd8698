import { expect, test } from "vitest";
import { resolveSecrets, secretNames, secretsIn } from "../../src/config/secrets.ts";

test("never resolves the Worker's own secrets, nor what is no text", () => {
  const lookup = secretsIn({ OWNER_PASSWORD: "own", GATEWAY_KV: {}, ERP_KEY: "erp" });
  expect(resolveSecrets("${ERP_KEY} ${OWNER_PASSWORD} ${GATEWAY_KV}", lookup)).toEqual({
    text: "erp ${OWNER_PASSWORD} ${GATEWAY_KV}",
    missing: ["OWNER_PASSWORD", "GATEWAY_KV"],
  });
});

test("takes the key that each person brings for no secret of the Worker", () => {
  expect(secretNames("${ERP_KEY} ${USER_KEY} ${ERP_KEY}")).toEqual(["ERP_KEY"]);
});
