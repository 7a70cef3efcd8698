import { expect, test } from "vitest";
import { withoutCommands } from "../../src/command/without-commands.ts";

test("hands the gateway no command, argument or variable of a local server", () => {
  const document = {
    mcpServers: {
      nas: { command: "nas-mcp", args: ["--key=abc"], env: { TOKEN: "${NAS}" }, timeout: 9 },
      time: { builtin: "time" },
    },
    gateway: { allowedOrigins: ["https://x.example"] },
  };
  const { text, started } = withoutCommands(JSON.stringify(document));
  expect(started).toEqual(["nas"]);
  expect(JSON.parse(text)).toEqual({
    ...document,
    mcpServers: { nas: { timeout: 9, connector: true }, time: { builtin: "time" } },
  });
});

test.each(["{ no json", '{"mcpServers":{"nas":{"command":5}}}', '{"mcpServers":{}} // a word'])(
  "leaves %j as it is",
  (text) => {
    expect(withoutCommands(text)).toEqual({ text, started: [] });
  },
);
