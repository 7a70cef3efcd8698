import { expect, test } from "vitest";
import { maskDocument, unmaskDocument } from "../../src/config/config-mask.ts";
import { MASK } from "../../src/core/redact.ts";

const DOCUMENT = {
  mcpServers: {
    erp: {
      url: "https://erp.example.com/api/method/handle_mcp",
      headers: { Authorization: "token ${ERP_KEY}:${ERP_SECRET}", "X-Plain": "hunter2-hunter2" },
    },
    ha: { url: "https://ha.example.com/private_Zm9vYmFy", headers: {} },
    hook: { url: "https://ha.example.com/api/webhook/abc?key=s3cret" },
    nas: { command: "truenas-mcp", env: { TRUENAS_API_KEY: "1-abcdef" } },
  },
};

test("masks credentials and secret addresses, keeps references and plain paths", () => {
  expect(maskDocument(DOCUMENT)).toEqual({
    mcpServers: {
      erp: {
        url: "https://erp.example.com/api/method/handle_mcp",
        headers: { Authorization: "token ${ERP_KEY}:${ERP_SECRET}", "X-Plain": MASK },
      },
      ha: { url: `https://ha.example.com/${MASK}`, headers: {} },
      hook: { url: `https://ha.example.com/api/webhook/${MASK}?key=${MASK}` },
      nas: { command: "truenas-mcp", env: { TRUENAS_API_KEY: MASK } },
    },
  });
});

test("gives back what it masked when the document returns", () => {
  expect(unmaskDocument(maskDocument(DOCUMENT), DOCUMENT)).toEqual(DOCUMENT);
});

test("refuses a mask where nothing is stored", () => {
  const moved = { mcpServers: { other: { url: "https://x.example", headers: { A: MASK } } } };
  expect(() => unmaskDocument(moved, DOCUMENT)).toThrow(
    `mcpServers.other.headers.A: "${MASK}", wanted the value itself: nothing is stored at this place`,
  );
});
