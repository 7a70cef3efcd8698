import { expect, test } from "vitest";
import { calledAs } from "../../src/shell/called-as.ts";

test("names a command as a script of the checkout", () => {
  expect(calledAs("start", "--port 0", false)).toBe("npm start -- --port 0");
  expect(calledAs("deploy", "", false)).toBe("npm run deploy");
  expect(calledAs("keys", "list", false)).toBe("npm run --silent gateway -- keys list");
});

test("names a command by the package where it is installed", () => {
  expect(calledAs("start", "--port 0", true)).toBe("npx mcp-edge-gateway start --port 0");
  expect(calledAs("deploy", "", true)).toBe("npx mcp-edge-gateway deploy");
});
