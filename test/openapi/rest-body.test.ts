import { describe, expect, test } from "vitest";
import { chooseMedia } from "../../src/openapi/accepted-media.ts";
import { essence, isBase64, jsonBody, mediaBody } from "../../src/openapi/rest-body.ts";

/** Longer than one piece of a stream, with a pair of surrogates on every place where one may end. */
const LONG = `${"x".repeat(128 * 1024 - 1)}${"🙂".repeat(200_000)}`;

test("writes a JSON text as it stands", async () => {
  const response = jsonBody('{"b":12345678901234567890,"a":1.0}', { "x-request-id": "1" });
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("x-request-id")).toBe("1");
  expect(await response.text()).toBe('{"b":12345678901234567890,"a":1.0}');
});

test("writes a long text in pieces without breaking a character", async () => {
  expect(await jsonBody(JSON.stringify(LONG)).json()).toBe(LONG);
  expect(await mediaBody({ mimeType: "text/plain", text: LONG }).text()).toBe(LONG);
});

test("makes the next piece when the last one is taken", async () => {
  const reader = jsonBody(JSON.stringify("x".repeat(8 * 1024 * 1024))).body?.getReader();
  expect((await reader?.read())?.value?.byteLength).toBe(128 * 1024);
  await reader?.cancel();
});

test("writes bytes of any length", async () => {
  for (const length of [0, 1, 2, 3, 300_000]) {
    const binary = Array.from({ length }, (_, index) => String.fromCharCode(index % 251)).join("");
    const response = mediaBody({ mimeType: "image/png", base64: btoa(binary) });
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(bytes.length).toBe(length);
    expect(bytes.every((byte, index) => byte === index % 251)).toBe(true);
  }
});

test.each([
  ["image/png", "image/png", null],
  ["image/svg+xml", "image/svg+xml", "attachment"],
  ["application/pdf", "application/pdf", "attachment"],
  ["audio/wav", "audio/wav", null],
  ["image/png\r\nset-cookie: a=b", "application/octet-stream", "attachment"],
  ["nonsense", "application/octet-stream", "attachment"],
  [undefined, "application/octet-stream", "attachment"],
])("gives bytes of type %j as %s", (mimeType, type, disposition) => {
  const { headers } = mediaBody({ mimeType, base64: "AAAA" });
  expect(headers.get("content-type")).toBe(type);
  expect(headers.get("content-disposition")).toBe(disposition);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
});

test("lets no browser run a text of a backend", () => {
  const page = mediaBody({ mimeType: "text/html", text: "<script>1</script>" }).headers;
  expect(page.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.get("content-disposition")).toBe("attachment");
  const plain = mediaBody({ mimeType: undefined, text: "x" }).headers;
  expect(plain.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(plain.get("content-disposition")).toBeNull();
});

test("knows base64 and media types from what is none", () => {
  expect(["", "AAAA", "AA==", "+/A="].map(isBase64)).toEqual([true, true, true, true]);
  expect(["A", "AA=A", "A-_A", "AAA\n", "====="].map(isBase64)).toEqual(Array(5).fill(false));
  expect(essence("Text/HTML; charset=x")).toBe("text/html");
  expect(essence("text")).toBeUndefined();
});

describe("the Accept header", () => {
  const types = ["image/png"];
  test.each([
    [null, undefined],
    ["*/*", undefined],
    ["application/json", undefined],
    ["application/json, text/plain, */*", undefined],
    ["image/*", "image/png"],
    ["IMAGE/PNG", "image/png"],
    ["image/png;q=0.5, application/json", undefined],
    ["image/png, application/json;q=0.5", "image/png"],
    ["image/*, */*;q=0.1", "image/png"],
    ["image/*, image/png;q=0", undefined],
    ["text/html,image/webp,*/*;q=0.8", undefined],
    ["audio/*", undefined],
    [",;,;q=x,image/png", "image/png"],
    ["", undefined],
  ])("%j chooses %j", (accept, chosen) => {
    expect(chooseMedia(accept, types)).toBe(chosen);
  });

  test("prefers the type it likes best", () => {
    expect(chooseMedia("text/*;q=0.5, text/markdown", ["text/plain", "text/markdown"])).toBe(
      "text/markdown",
    );
  });
});
