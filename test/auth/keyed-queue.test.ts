import { expect, test } from "vitest";
import { KeyedQueue } from "../../src/auth/keyed-queue.ts";

test("runs one key in order and does not hold up another", async () => {
  const queue = new KeyedQueue();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = queue.run("a", async () => {
    await gate.promise;
    order.push("a1");
  });
  const second = queue.run("a", async () => void order.push("a2"));
  await queue.run("b", async () => void order.push("b"));
  gate.resolve();
  await Promise.all([first, second]);
  expect(order).toEqual(["b", "a1", "a2"]);
});

test("goes on after a failure, which only its caller sees", async () => {
  const queue = new KeyedQueue();
  const failing = queue.run("a", () => Promise.reject(new Error("no")));
  const next = queue.run("a", async () => "yes");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("yes");
});
