import { expect, test } from "vitest";
import { createSieve } from "../../src/openai/raw-relay-sieve.ts";

test("looks at each piece of an event once, however small a provider cuts it", () => {
  for (const line of [": x\n", "data:\r", "data:\r\n"]) {
    const sieve = createSieve({ provider: "p", head: { id: "1", created: 1, model: "m" } });
    const out: string[] = [];
    for (let read = 0; read < 100_000; read += 1) sieve.sift(line, out);
    expect(out).toEqual([]);
  }
});
