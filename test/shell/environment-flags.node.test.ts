import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readEnvironment } from "../../src/shell/environment-flags.ts";

test("lets --env win over the shell, and the shell over the file of --env-path", async () => {
  const folder = await mkdtemp(join(tmpdir(), "env-path-"));
  const envPath = join(folder, "vars.env");
  await writeFile(envPath, "# secrets\nexport FILE='f'\nSHELL_TOO=f\nFLAG=f\n");
  const environment = await readEnvironment(
    { SHELL_TOO: "s", FLAG: "s", HOME: "/home/me" },
    { env: { FLAG: "flag" }, envPath },
  );
  expect(environment).toEqual({ FILE: "f", SHELL_TOO: "s", FLAG: "flag", HOME: "/home/me" });
  await rm(folder, { recursive: true });
});

test("says in one line that the file is missing", async () => {
  await expect(readEnvironment({}, { env: {}, envPath: "/nowhere/x.env" })).rejects.toThrow(
    "--env-path: x.env: there is no such file",
  );
});
