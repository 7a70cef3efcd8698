import { expect, test } from "vitest";
import { parseGatewayAddress } from "../../src/shell/gateway-address.ts";

test.each([
  ["https://mcp.example.com", "https://mcp.example.com", undefined],
  ["https://mcp.example.com/", "https://mcp.example.com", undefined],
  ["https://mcp.example.com/mcp", "https://mcp.example.com", undefined],
  ["https://mcp.example.com/mcp/", "https://mcp.example.com", undefined],
  ["https://mcp.example.com/mcp/erp", "https://mcp.example.com", "erp"],
  ["https://mcp.example.com/v1", "https://mcp.example.com", undefined],
  ["https://example.com/tools/mcp", "https://example.com/tools", undefined],
  ["http://127.0.0.1:8787/mcp/erp", "http://127.0.0.1:8787", "erp"],
  ["http://nas:8787", "http://nas:8787", undefined],
])("takes %s as it was copied", (text, base, backend) => {
  expect(parseGatewayAddress("GATEWAY_URL", text)).toEqual({ base, backend });
});

test.each(["nowhere", "ftp://example.com", "https://user:pw@example.com", "http://example.com"])(
  "refuses %s, naming where it stands and no password",
  (text) => {
    expect(() => parseGatewayAddress("GATEWAY_URL", text)).toThrow(/^GATEWAY_URL: .*wanted/);
  },
);
