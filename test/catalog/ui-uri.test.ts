import { expect, test } from "vitest";
import { toExposedResult } from "../../src/catalog/exposed-result.ts";
import { fromExposedUri, toExposedTool, toExposedUri } from "../../src/catalog/ui-uri.ts";
import type { BackendName } from "../../src/core/ids.ts";

const erp = "erp" as BackendName;

test.each([
  "ui://host/path?query=1#part",
  "ui:///x",
  "ui://",
  "ui://erp/x",
  "ui://bank/x",
  "ui://a\nb/ü{+path}",
])("names %j after its backend and finds it again exactly", (uri) => {
  const exposed = toExposedUri(erp, uri);
  expect(exposed.startsWith("ui://erp/")).toBe(true);
  expect(fromExposedUri(exposed)).toEqual({ backend: "erp", uri });
});

test("leaves every other scheme alone", () => {
  expect(toExposedUri(erp, "file:///ui://x")).toBe("file:///ui://x");
  expect(toExposedUri(erp, "UI://x")).toBe("UI://x");
  for (const uri of ["ui://erp", "ui://", "ui://ERP/x", "ui:/erp/x", "xui://erp/x"]) {
    expect(fromExposedUri(uri)).toBeUndefined();
  }
});

test("names the page of a tool in both of its forms and touches nothing else", () => {
  const inputSchema = { type: "object" };
  const meta = {
    ui: { resourceUri: "ui://app/a", visibility: ["model"] },
    "ui/resourceUri": "ui://app/a",
    "example.com/uri": "ui://app/a",
  };
  expect(toExposedTool(erp, { name: "t", inputSchema, _meta: meta })).toEqual({
    name: "t",
    inputSchema,
    _meta: {
      ui: { resourceUri: "ui://erp/app/a", visibility: ["model"] },
      "ui/resourceUri": "ui://erp/app/a",
      "example.com/uri": "ui://app/a",
    },
  });
  const plain = { name: "t", inputSchema, _meta: { ui: "ui://x" } };
  expect(toExposedTool(erp, plain)).toBe(plain);
});

test("names the resources in a result and keeps the rest of the text to the letter", () => {
  const text = String.raw`{ "id" : 1, "result":{"n":12345678901234567890.10,
    "contents":[{"uri":"ui:\/\/app\/a","text":"see ui://app/a \"ui://app/a\" \\","_meta":{"ui":{"resourceUri":"ui://app/b"}}}],
    "structuredContent":{"uri":"ui://app/a","content":[{"uri":"ui://app/a"}]},
    "content":[{"type":"text","text":"ui://app/a"},{"type":"resource_link","uri":"ui://app/a"},
      {"type":"resource","resource":{"uri":"\u0075i:\u002F/app/a","text":"uri"}}],
    "messages":[{"content":{"resource":{"u\u0072i":"ui://app/a"}}}],
    "_meta":{"ui/resourceUri":"ui://app/a","uri":"ui://app/a"}}}`;
  const changed = text
    .replace(String.raw`ui:\/\/app\/a`, "ui://erp/app/a")
    .replace("ui://app/b", "ui://erp/app/b")
    .replace('link","uri":"ui://', 'link","uri":"ui://erp/')
    .replace(String.raw`\u0075i:\u002F/app/a`, "ui://erp/app/a")
    .replace(String.raw`"u\u0072i":"ui://`, String.raw`"u\u0072i":"ui://erp/`)
    .replace('resourceUri":"ui://app/a"', 'resourceUri":"ui://erp/app/a"');
  expect(toExposedResult(text, erp)).toBe(changed);
});

test("leaves a result without such URIs as it is", () => {
  const text = '{"id":1,"result":{"content":[{"type":"text","text":"gui://x \\"ui\\" ü"}]}}';
  expect(toExposedResult(text, erp)).toBe(text);
});

test("names the URI of an error", () => {
  const error = '{"error":{"code":-32002,"message":"No","data":{"uri":"ui://x"}},"id":1}';
  expect(JSON.parse(toExposedResult(error, erp))).toMatchObject({
    error: { data: { uri: "ui://erp/x" } },
  });
});
