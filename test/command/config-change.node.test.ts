import { expect, test } from "vitest";
import { describeConfigChange } from "../../src/command/config-change.ts";

const BEFORE = `{
  // comments are fine
  "mcpServers": { "erp": { "url": "https://a.example" }, "nas": { "command": "x" }, "time": { "builtin": "time" } },
}`;

test("names what was added, changed and removed", () => {
  const after = `{ "mcpServers": {
    "time": { "builtin": "time" }, "wave": { "url": "https://w.example" }, "erp": { "url": "https://b.example" } },
    "gateway": { "allowedOrigins": [] } }`;
  expect(describeConfigChange(BEFORE, after)).toBe("added wave, changed erp, gateway, removed nas");
});

test("knows an edit of comments from a change", () => {
  expect(describeConfigChange(BEFORE, BEFORE.replace("comments", "words"))).toBeUndefined();
});
