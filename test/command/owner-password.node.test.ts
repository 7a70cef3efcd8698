import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { requireOwnerPassword } from "../../src/command/owner-password.ts";

function terminal(): PassThrough & { isTTY: true } {
  return Object.assign(new PassThrough(), { isTTY: true as const });
}

test("asks at a terminal, and takes the line that is typed", async () => {
  const input = terminal();
  const said: string[] = [];
  const asked = requireOwnerPassword({
    flag: undefined,
    env: { OWNER_PASSWORD: "" },
    input,
    warn: (text) => said.push(text),
  });
  input.write("abcde-fghjk\n");
  expect(await asked).toBe("abcde-fghjk");
  expect(said).toEqual(["Owner password: ", "\n"]);
});

test("ends where the person gives up", async () => {
  const input = terminal();
  const asked = requireOwnerPassword({ flag: undefined, env: {}, input, warn: () => {} });
  input.write("half\u0003");
  await expect(asked).rejects.toThrow("Cannot sign in as the owner: no password was given");
});

test("asks nobody where the environment has it", async () => {
  const env = { OWNER_PASSWORD: "abcde" };
  const input = terminal();
  expect(await requireOwnerPassword({ flag: undefined, env, input, warn: expect.fail })).toBe(
    "abcde",
  );
});
