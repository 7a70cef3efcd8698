import { expect, test } from "vitest";
import { fenced, renderResult } from "../../src/chat/render-result.ts";

test("shows text as it is, several blocks apart", () => {
  expect(
    renderResult({
      content: [
        { type: "text", text: "one" },
        { type: "text", text: "two" },
      ],
    }),
  ).toBe("one\n\ntwo");
});

test("fences JSON text without changing a digit", () => {
  expect(renderResult({ content: [{ type: "text", text: '{"id":12345678901234567890}' }] })).toBe(
    '```json\n{"id":12345678901234567890}\n```',
  );
});

test("shows a structured result once, even where a text block repeats it", () => {
  const structuredContent = { a: 1, b: null };
  const text = JSON.stringify({ b: null, a: 1 });
  expect(renderResult({ content: [{ type: "text", text }], structuredContent })).toBe(
    `\`\`\`json\n${text}\n\`\`\``,
  );
  expect(renderResult({ content: [{ type: "text", text: "Done" }], structuredContent })).toBe(
    'Done\n\n```json\n{\n  "a": 1,\n  "b": null\n}\n```',
  );
});

test("shows pictures in place and sound as a link", () => {
  expect(renderResult({ content: [{ type: "image", data: "aGk=", mimeType: "image/png" }] })).toBe(
    "![image](data:image/png;base64,aGk=)",
  );
  expect(renderResult({ content: [{ type: "audio", data: "aGk=", mimeType: "audio/wav" }] })).toBe(
    "[audio](data:audio/wav;base64,aGk=)",
  );
});

test("lets no picture leave its link", () => {
  const text = renderResult({
    content: [{ type: "image", data: "x) <script>", mimeType: "image/svg+xml" }],
  });
  expect(text).toBe("_image of type `image/svg+xml`_");
});

test("shows links as links, and addresses that are not of the web as text", () => {
  expect(
    renderResult({
      content: [
        { type: "resource_link", uri: "https://a.test/x", name: "X [1]", description: "about" },
        { type: "resource_link", uri: "javascript:alert(1)", name: "bad" },
      ],
    }),
  ).toBe("[X  1 ](https://a.test/x) — about\n\nbad: `javascript:alert(1)`");
});

test("shows embedded resources, text and otherwise", () => {
  expect(
    renderResult({
      content: [
        { type: "resource", resource: { uri: "file:///a", text: "body ``` x" } },
        { type: "resource", resource: { uri: "file:///b", blob: "aGVsbG8=", mimeType: "x/y" } },
      ],
    }),
  ).toBe("`file:///a`\n\n````\nbody ``` x\n````\n\n`file:///b` (x/y, 5 bytes)");
});

test("shows a kind of content nobody knows yet as JSON", () => {
  expect(renderResult({ content: [{ type: "new", a: 1 }] })).toBe(
    '```json\n{\n  "type": "new",\n  "a": 1\n}\n```',
  );
});

test("says that a tool failed, and that it returned nothing", () => {
  expect(renderResult({ content: [{ type: "text", text: "Doc not found" }], isError: true })).toBe(
    "**The tool reported an error**\n\nDoc not found",
  );
  expect(renderResult({ content: [] })).toBe("_The tool returned nothing._");
});

test("says what a tool asks for before it goes on", () => {
  expect(renderResult({ resultType: "input_required", inputRequests: { a: 1 } })).toContain(
    '"a": 1',
  );
});

test("fences longer than any fence inside", () => {
  expect(fenced("`````", "")).toBe("``````\n`````\n``````");
});
