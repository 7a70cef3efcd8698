import { expect, test } from "vitest";
import { passedCapabilities } from "../../src/catalog/passed-capabilities.ts";

const UI = "io.modelcontextprotocol/ui";

test("advertises nothing that nobody offers", () => {
  expect(passedCapabilities([{ tools: {} }])).toEqual({ tools: { listChanged: true } });
});

test("says that every list may change, and that resources can be watched where a backend lets them", () => {
  const quiet = { prompts: {}, resources: {}, completions: {}, logging: {} };
  const watched = { resources: { subscribe: true } };
  expect(passedCapabilities([quiet])).toEqual({
    prompts: { listChanged: true },
    resources: { listChanged: true },
    completions: {},
    logging: {},
  });
  expect(passedCapabilities([quiet, watched])["resources"]).toEqual({
    subscribe: true,
    listChanged: true,
  });
});

test("passes on the extensions it knows, with the settings all agree on", () => {
  const one = { extensions: { [UI]: { mimeTypes: ["text/html"] }, "example.com/own": {} } };
  const other = { extensions: { [UI]: { mimeTypes: [] } } };
  expect(passedCapabilities([{}, one, one])["extensions"]).toEqual({
    [UI]: { mimeTypes: ["text/html"] },
  });
  expect(passedCapabilities([one, other])["extensions"]).toEqual({ [UI]: {} });
  expect(passedCapabilities([{ experimental: { a: {} }, extensions: { "example.com/own": {} } }])) //
    .toEqual({});
});
