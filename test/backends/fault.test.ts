import { expect, test } from "vitest";
import { LeaseLost } from "../../src/backends/lease.ts";
import { call, http, leaseOf, orderFor, quirk, textOf } from "../support/backend-calls.ts";

/** What a caller hears when a backend breaks the rules. */

test.each([
  ["rst", "backend_unavailable", "could not be reached"],
  ["fin", "backend_failed", "broke off its answer"],
  ["wrong-id", "backend_failed", "answered with something that is not MCP"],
  ["corrupt", "backend_failed", "answered with something that is not MCP"],
  ["html", "backend_failed", "answered with something that is not MCP"],
  ["accepted", "backend_failed", "gave no answer"],
  ["stream-without-answer", "backend_failed", "gave no answer"],
])("says what is wrong with a backend of kind %s", async (kind, code, reason) => {
  const order = orderFor(http(quirk(kind).url));
  await expect(call(order, { params: { name: "x" } })).rejects.toMatchObject({
    code,
    message: `Cannot call tool "x": backend "${order.config.name}" ${reason}`,
  });
});

test.each([
  [403, "backend_unavailable", "refused the request (HTTP 403)"],
  [404, "backend_unavailable", "has no MCP server at this URL (HTTP 404)"],
  [429, "backend_unavailable", "has too many requests (HTTP 429)"],
  [500, "backend_failed", "answered HTTP 500"],
  [503, "backend_unavailable", "is not available (HTTP 503)"],
  [508, "backend_unavailable", "leads back to this gateway (HTTP 508)"],
])("keeps the page of an HTTP %i to itself", async (status, code, reason) => {
  const order = orderFor(http(quirk("status").url));
  await expect(call(order, { params: { name: String(status) } })).rejects.toMatchObject({
    code,
    message: `Cannot call tool "${status}": backend "${order.config.name}" ${reason}`,
    retryAfter: 7,
  });
});

test("reports a refused credential as a lost lease", async () => {
  const order = orderFor(http(quirk("status").url));
  await expect(call(order, { params: { name: "401" } })).rejects.toEqual(
    new LeaseLost("unauthorized"),
  );
});

test.each(["hang", "stall"])("ends a %s at the deadline", async (kind) => {
  const order = orderFor(http(quirk(kind).url), { timeoutMs: 200 });
  await expect(call(order)).rejects.toMatchObject({
    code: "backend_timeout",
    message: `Cannot call tool "call": backend "${order.config.name}" did not answer within 0.2 s`,
  });
});

test("tells a legacy backend that nobody waits any more", async () => {
  const backend = quirk("hang");
  const order = orderFor(http(backend.url), { timeoutMs: 100 });
  const work: Promise<unknown>[] = [];
  await expect(
    call(order, { id: "mine" }, { waitUntil: (promise) => work.push(promise) }),
  ).rejects.toMatchObject({ code: "backend_timeout" });
  await Promise.all(work);
  const arrived = await backend.arrived();
  expect(arrived.at(-1)?.message).toMatchObject({
    method: "notifications/cancelled",
    params: { requestId: "mine" },
  });
});

test("sends no cancellation after the answer", async () => {
  const backend = quirk("plain");
  const caller = new AbortController();
  const work: Promise<unknown>[] = [];
  await call(
    orderFor(http(backend.url)),
    {},
    { signal: caller.signal, waitUntil: (promise) => work.push(promise) },
  );
  caller.abort();
  await Promise.all(work);
  expect((await backend.arrived()).map(({ message }) => message?.method)).not.toContain(
    "notifications/cancelled",
  );
});

test.each(["huge", "huge-chunked"])("refuses a %s answer in clear words", async (kind) => {
  const order = orderFor(http(quirk(kind).url));
  await expect(call(order)).rejects.toMatchObject({
    code: "too_large",
    message: `Cannot read the answer of backend "${order.config.name}": it is larger than 8192 KiB`,
  });
});

test.each([
  [
    "redirect-away",
    "answered with a redirect to https://elsewhere.example, which is not followed: configure the final URL",
  ],
  ["redirect-found", /which is not followed/],
  ["redirect-loop", /which is not followed/],
])("does not follow a %s", async (kind, reason) => {
  const order = orderFor(http(quirk(kind).url));
  await expect(call(order)).rejects.toMatchObject({
    code: "backend_unavailable",
    message:
      typeof reason === "string"
        ? `Cannot call tool "call": backend "${order.config.name}" ${reason}`
        : expect.stringMatching(reason),
  });
});

test("follows one redirect within the same origin, with body and credential", async () => {
  const order = orderFor(http(quirk("redirect-within").url, { Authorization: "token a:b" }));
  const answer = await call(order, { params: { name: "x", arguments: { a: 1 } } });
  expect(JSON.parse(textOf(answer))).toMatchObject({
    headers: { authorization: "token a:b" },
    params: { name: "x", arguments: { a: 1 } },
  });
});

test("shows no secret that a name of a tool carries", async () => {
  const order = orderFor(http(quirk("rst").url));
  const name = "sk-0123456789abcdef";
  await expect(call(order, { params: { name } })).rejects.not.toMatchObject({
    message: expect.stringContaining(name),
  });
});

test("answers the next call after a fault", async () => {
  const backend = quirk("plain");
  const order = orderFor(http(backend.url));
  await leaseOf(order);
  await backend.control({ down: true });
  await expect(call(order)).rejects.toMatchObject({ code: "backend_unavailable" });
  await backend.control({ down: false });
  // At most a moment later: its object may just have found it down.
  await expect.poll(() => call(order).then(textOf, String)).toContain('"name":"call"');
});
