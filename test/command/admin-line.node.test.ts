import { expect, test } from "vitest";
import { parseCommandLine } from "../../src/command/command-line.ts";

test.each([
  [["config"], "help"],
  [["keys", "--help"], "help"],
  [["status", "-h"], "help"],
  [["config", "put", "-h"], "help"],
])("shows help for %j", (argv, kind) => {
  expect(parseCommandLine(argv).kind).toBe(kind);
});

test("takes a file before and behind flags", () => {
  const wanted = { kind: "config", action: "put", file: "mcp.json", dryRun: true, ifVersion: 3 };
  for (const argv of [
    ["put", "mcp.json", "--dry-run", "--if-version", "3"],
    ["put", "--dry-run", "--if-version=3", "mcp.json"],
  ]) {
    expect(parseCommandLine(["config", ...argv])).toMatchObject(wanted);
  }
});

test("puts the flags of a key into the words of the gateway, and leaves out the rest", () => {
  const line = parseCommandLine(
    ["keys", "create", "-n", "a", "--allow", "x", "--allow", "y/*", "--expires", "12h"].concat([
      "--open-webui",
      "jwt",
      "--resource-tools",
      "--read-only",
      "--mode=search",
      "--user=u-1",
    ]),
  );
  expect(line).toMatchObject({
    request: {
      name: "a",
      allow: ["x", "y/*"],
      expiresInSeconds: 43_200,
      openWebui: "jwt",
      resourceTools: true,
      readOnly: true,
      mode: "search",
      user: "u-1",
    },
  });
  expect(line).not.toHaveProperty("request.deny");
});

test.each([
  [["config", "push"], /^Cannot run config "push": wanted get, put/],
  [["keys", "delete", "x"], /^Cannot run keys "delete": wanted list, create or revoke/],
  [["config", "import", "--from", "emacs"], /^--from: "emacs", wanted one of claude-desktop, /],
  [["config", "put"], /^Cannot put a config: FILE is missing/],
  [["config", "put", "a", "b"], /^Cannot use "b": config put takes flags and FILE only/],
  [["config", "put", "a", "--if-version", "new"], /^--if-version: "new", wanted a number/],
  [["keys", "revoke"], /^Cannot revoke a key: ID is missing/],
  [["keys", "create"], /^Cannot create a key: give it a --name/],
  [["keys", "create", "-n", "a", "--expires", "soon"], /^--expires: "soon", wanted a time/],
  [["keys", "create", "-n", "a", "--expires", "0d"], /^--expires: "0d", wanted a time/],
  [["keys", "list", "--allow", "x"], /^Unknown flag --allow/],
  [["status", "now"], /^Cannot use "now": status takes flags only/],
  [["status", "--", "npx"], /^Cannot use "--": status starts no server/],
])("refuses %j in one line", (argv, message) => {
  expect(() => parseCommandLine(argv)).toThrow(message);
});
