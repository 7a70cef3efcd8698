import { expect, test } from "vitest";
import { modern } from "../support/worker.ts";

const VERSION = "io.modelcontextprotocol/protocolVersion";

test("calls it a mismatch when header and body name different versions, known or not", async () => {
  const unknown = await modern("server/discover", { _meta: { [VERSION]: "v999.0.0" } });
  expect(unknown.status).toBe(400);
  expect(unknown.message.error?.code).toBe(-32020);
  const known = await modern(
    "server/discover",
    {},
    { headers: { "mcp-protocol-version": "v999.0.0" } },
  );
  expect(known.message.error?.code).toBe(-32020);
});

test("says which versions it speaks when header and body agree on another", async () => {
  const { status, message } = await modern(
    "server/discover",
    { _meta: { [VERSION]: "v999.0.0" } },
    { headers: { "mcp-protocol-version": "v999.0.0" } },
  );
  expect(status).toBe(400);
  expect(message.error).toMatchObject({ code: -32022, data: { requested: "v999.0.0" } });
});

test.each(["initialize", "ping", "logging/setLevel"])(
  "knows no %s in 2026-07-28",
  async (method) => {
    const { status, message } = await modern(method);
    expect(status).toBe(404);
    expect(message.error?.code).toBe(-32601);
  },
);
