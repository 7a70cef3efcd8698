import { expect, test } from "vitest";
import { toModelResult } from "../../src/chat/tool-result.ts";
import type { JsonObject } from "../../src/core/json.ts";

const PNG = { type: "image", mimeType: "image/png", data: "aGk=" };

function read(result: JsonObject, more: Partial<{ maxChars: number; images: boolean }> = {}) {
  return toModelResult(result, { maxChars: 1_000, images: false, ...more });
}

test("reads text as the tool wrote it, several blocks apart", () => {
  const content = [
    { type: "text", text: '{"id":12345678901234567890}' },
    { type: "text", text: "two " },
  ];
  expect(read({ content })).toEqual({
    text: '{"id":12345678901234567890}\n\ntwo ',
    images: [],
    isError: false,
  });
});

test("case 35: reads the structured result with its nulls, once", () => {
  const structuredContent = { a: 1, b: null };
  const mirror = { type: "text", text: '{ "b": null, "a": 1 }' };
  expect(read({ structuredContent }).text).toBe('{"a":1,"b":null}');
  expect(read({ content: [mirror], structuredContent }).text).toBe(mirror.text);
  expect(read({ content: [{ type: "text", text: "Done" }], structuredContent }).text).toBe(
    'Done\n\n{"a":1,"b":null}',
  );
});

test("case 35: notes pictures and sound, and shows pictures to a model that can see", () => {
  const content = [PNG, { type: "audio", mimeType: "audio/wav", data: "aGk=" }];
  expect(read({ content })).toMatchObject({
    text: "[image, image/png, 2 bytes: not shown]\n\n[audio, audio/wav, 2 bytes: not shown]",
    images: [],
  });
  expect(read({ content }, { images: true })).toMatchObject({
    text: "[image, image/png: image 1 in the message that follows]\n\n[audio, audio/wav, 2 bytes: not shown]",
    images: [{ mimeType: "image/png", data: "aGk=" }],
  });
});

test("shows a bounded number of pictures", () => {
  const { images, text } = read(
    { content: Array.from({ length: 7 }, () => PNG) },
    { images: true },
  );
  expect(images).toHaveLength(5);
  expect(text.match(/not shown/g)).toHaveLength(2);
});

test("case 35: reads links and embedded resources, and never their bytes", () => {
  const content = [
    {
      type: "resource_link",
      uri: "file:///a",
      name: "a",
      title: "A",
      mimeType: "text/csv",
      description: "about",
    },
    { type: "resource_link", uri: "file:///b" },
    { type: "resource", resource: { uri: "file:///c", text: "body" } },
    { type: "resource", resource: { uri: "file:///d", mimeType: "x/y", blob: "aGVsbG8=" } },
    { type: "resource", resource: { uri: "file:///e", mimeType: "image/jpg", blob: "aGk" } },
  ];
  const { text, images } = read({ content }, { images: true });
  expect(text.split("\n\n")).toEqual([
    "A <file:///a> (text/csv): about",
    "<file:///b>",
    "<file:///c>:",
    "body",
    "[resource <file:///d>, x/y, 5 bytes: not shown]",
    "[resource <file:///e>, image/jpg: image 1 in the message that follows]",
  ]);
  expect(images).toEqual([{ mimeType: "image/jpeg", data: "aGk=" }]);
});

test("reads a kind of content nobody knows yet, without its bytes", () => {
  expect(read({ content: [{ type: "new", a: 1, data: "aGVsbG8=" }] }).text).toBe(
    '{"type":"new","a":1}',
  );
});

test("case 13: begins with the word error where the tool failed", () => {
  const failed = (text: string) => read({ content: [{ type: "text", text }], isError: true });
  expect(failed("no such document")).toMatchObject({
    text: "Error: no such document",
    isError: true,
  });
  expect(failed("Error: no such document").text).toBe("Error: no such document");
  expect(read({ isError: true }).text).toMatch(/^Error: /);
});

test("says that there was nothing", () => {
  expect(read({ content: [] }).text).toBe("The tool returned nothing");
  expect(read({ content: "what" }).text).toBe("The tool returned nothing");
});

test("case 35: cuts what is too long between code points, and says how much is missing", () => {
  const text = "😀".repeat(500);
  for (let maxChars = 60; maxChars < 64; maxChars += 1) {
    const cut = read({ content: [{ type: "text", text }] }, { maxChars }).text;
    expect(cut.isWellFormed()).toBe(true);
    expect(cut.length).toBeLessThanOrEqual(maxChars);
    const [kept = "", note] = cut.split("\n\n");
    expect(note).toBe(`[${1_000 - kept.length} of 1000 characters left out]`);
  }
  expect(read({ content: [{ type: "text", text }] }, { maxChars: 1_000 }).text).toBe(text);
});

test("tells the model what a tool asks and nobody here can answer", () => {
  const { text, isError } = read({
    resultType: "input_required",
    inputRequests: { a: { method: "elicitation/create", params: { message: "Which year?" } } },
  });
  expect(text).toMatch(/^Error: .*"Which year\?"/);
  expect(isError).toBe(true);
  expect(read({ resultType: "input_required" }).text).toMatch(/^Error: /);
});

test("reads what would keep it busy for hours as quickly as anything else", () => {
  const data = `${"=".repeat(1_000_000)}x`;
  const picture = { type: "image", mimeType: "image/png", data };
  expect(read({ content: [picture] }, { images: true }).text).toContain("750000 bytes: not shown");
  const content = Array.from({ length: 50_000 }, () => ({ type: "text", text: "1" }));
  const structuredContent = { rows: Array.from({ length: 50_000 }, (_, row) => ({ row })) };
  expect(read({ content, structuredContent }).isError).toBe(false);
});
