import { afterEach, expect, test, vi } from "vitest";
import { BODY_LIMIT, readJsonBody } from "../../src/http/json-body.ts";

afterEach(() => {
  vi.useRealTimers();
});

function post(body: BodyInit, type = "application/json"): Request {
  return new Request("https://gateway.test/", {
    method: "POST",
    headers: { "content-type": type },
    body,
  });
}

test("reads JSON under its type, parameters and case aside", async () => {
  expect(await readJsonBody(post('{"a":1}'))).toEqual({ a: 1 });
  expect(await readJsonBody(post("[]", "Application/JSON; charset=utf-8"))).toEqual([]);
});

test("refuses other content types", async () => {
  for (const type of [
    "text/plain",
    "application/jsonx",
    "text/plain, application/json",
    "multipart/form-data; boundary=x",
  ]) {
    await expect(readJsonBody(post("{}", type))).rejects.toMatchObject({
      code: "unsupported_media_type",
    });
  }
});

test("refuses what is not JSON", async () => {
  for (const text of ["", "{", "{'a':1}", "undefined"]) {
    await expect(readJsonBody(post(text))).rejects.toMatchObject({ code: "invalid_request" });
  }
});

test("counts a chunked body while it reads it", async () => {
  const chunk = new Uint8Array(1024 * 1024).fill(0x20);
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sent += chunk.byteLength;
      controller.enqueue(chunk);
    },
  });
  await expect(readJsonBody(post(endless))).rejects.toMatchObject({ code: "too_large" });
  expect(sent).toBeLessThan(BODY_LIMIT + 4 * chunk.byteLength);
});

test("does not wait longer than 30 s for a body that trickles", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const trickle = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array([0x7b])),
  });
  const reading = expect(readJsonBody(post(trickle))).rejects.toMatchObject({
    code: "invalid_request",
  });
  await vi.advanceTimersByTimeAsync(30_000);
  await reading;
});
