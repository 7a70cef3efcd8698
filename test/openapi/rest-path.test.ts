import { describe, expect, test } from "vitest";
import { parseBackendName } from "../../src/config/backend-name.ts";
import { type RestPaths, readRestPath } from "../../src/openapi/rest-path.ts";

const time = parseBackendName("time");
const json = parseBackendName("json");
const NAMES = new Map([
  ["time", time],
  ["json", json],
  ["My Clock", time],
]);
const PLAIN: RestPaths = { pathPrefix: "/", rootPath: "", root: undefined };

function read(path: string, paths: Partial<RestPaths> = {}) {
  return readRestPath(path, { config: { ...PLAIN, ...paths }, names: NAMES });
}

function toolAt(path: string, paths: Partial<RestPaths> = {}): string | undefined {
  const { tool } = read(path, paths);
  return tool === undefined ? undefined : `${tool.home} ${tool.name}`;
}

function pageAt(path: string, paths: Partial<RestPaths> = {}): string | undefined {
  const { page } = read(path, paths);
  if (page === undefined) return undefined;
  const one = page.kind === "resources" ? page.uri : page.kind === "prompts" ? page.name : "";
  return [page.backend ?? "all", page.kind, one].filter(Boolean).join(" ");
}

test.each([
  ["/time/now", "time now"],
  ["/time/now/", "time now"],
  ["/%74ime/now", "time now"],
  ["/My%20Clock/now", "time now"],
  ["/time/a.b", "time a.b"],
  ["/time/sp%20ace", "time sp ace"],
  ["/time/a/b", "time a/b"],
  ["/time/a%2Fb", "time a/b"],
  ["/time/a%2F", "time a/"],
  ["/time/100%25", "time 100%"],
  ["/time/%D1%8F%F0%9F%99%82", "time я🙂"],
  ["/time/docs", "time docs"],
  ["/time/openapi.json", "time openapi.json"],
  ["/time/resources", "time resources"],
  ["/time/prompts/x", "time prompts/x"],
  ["/gateway/get_result", "gateway get_result"],
])("%s names the tool %s", (path, tool) => {
  expect(toolAt(path)).toBe(tool);
});

test.each([
  ["/", "all home"],
  ["/docs", "all docs"],
  ["/docs/", "all docs"],
  ["/redoc", "all docs"],
  ["/openapi.json", "all document"],
  ["/api/config", "all features"],
  ["/system", "all system"],
  ["/gateway/openapi.json", "all document"],
  ["/time", "time home"],
  ["/time/", "time home"],
  ["/time/docs", "time docs"],
  ["/time/openapi.json/", "time document"],
  ["/time/api/config", "time features"],
  ["/time/system", "time system"],
  ["/My%20Clock/docs", "time docs"],
  ["/time/resources", "time resources"],
  ["/time/resources/", "time resources"],
  ["/time/resources/file:///a%20b/c", "time resources file:///a%20b/c"],
  ["/time/resources/file%3A%2F%2F%2Fa%2520b%2Fc", "time resources file:///a%20b/c"],
  ["/time/resources/file:%2F%2F%2Fa", "time resources file:///a"],
  ["/time/resources/file:///a/", "time resources file:///a/"],
  ["/time/prompts/", "time prompts"],
  ["/time/prompts/sum%20up/", "time prompts sum up"],
])("%s names the page %s", (path, page) => {
  expect(pageAt(path)).toBe(page);
});

/** What elsewhere was read as a way from one server to another, or past a check of the path. */
test.each([
  "/time/../json/echo",
  "/time/%2e%2e/json/echo",
  "/time/..%2fjson%2fecho",
  "/time/%2e%2e%2fjson%2fecho",
  "/time/%252e%252e%252fjson%252fecho",
  "/time//json/echo",
  "/time/./json/echo",
  "/time/;/json/echo",
  "/time/\\json\\echo",
  "/time/..%5cjson%5cecho",
  "/time/%E2%88%95json/echo",
])("%s stays below its backend", (path) => {
  expect(toolAt(path)).toMatch(/^time /);
  expect(toolAt(path)).not.toBe("time echo");
  expect(pageAt(path)).toBeUndefined();
});

test.each([
  "//time/echo",
  "/time%2Fecho",
  "/time;x=1/echo",
  "/time\\echo",
  "/TIME/echo",
  "/Time/docs",
  "/DOCS",
  "/time%00/echo",
  "/ｔime/echo",
  "/nothing/echo",
  "/__proto__/echo",
  "/constructor",
  "/time/%zz",
  "/time/%C3",
  "/time/resources/%zz",
  "/time/prompts/%zz",
  "/openapi.json/x",
])("%s names nothing that can be read, and no tool that was listed", (path) => {
  expect(pageAt(path)).toBeUndefined();
  expect(toolAt(path) ?? "").not.toMatch(/ (echo|x)$/);
});

describe("with a prefix", () => {
  const paths = { pathPrefix: "/tools/" };
  test.each([
    ["/tools/time/now", "time now"],
    ["/time/now", undefined],
    ["/toolstime/now", undefined],
    ["/tools/gateway/get_result", "gateway get_result"],
  ])("%s calls %s", (path, tool) => {
    expect(toolAt(path, paths)).toBe(tool);
  });
  test.each([
    ["/tools", "all home"],
    ["/tools/", "all home"],
    ["/tools/docs", "all docs"],
    ["/docs", "all docs"],
    ["/tools/time/docs", "time docs"],
    ["/time/docs", undefined],
    ["/tool", undefined],
  ])("%s shows %s", (path, page) => {
    expect(pageAt(path, paths)).toBe(page);
  });
});

test("reads what is below the root path, whether a proxy takes it away or not", () => {
  const paths = { rootPath: "/api/mcpo", pathPrefix: "/tools/" };
  for (const before of ["", "/api/mcpo"]) {
    expect(toolAt(`${before}/tools/time/now`, paths)).toBe("time now");
    expect(pageAt(`${before}/tools/time/openapi.json`, paths)).toBe("time document");
    expect(pageAt(`${before}/openapi.json`, paths)).toBe("all document");
    expect(pageAt(`${before}/`, paths)).toBe("all home");
  }
  expect(pageAt("/api/mcpo", paths)).toBe("all home");
  expect(toolAt("/api/mcpo/api/mcpo/tools/time/now", paths)).toBeUndefined();
  expect(pageAt("/api/mcpoX/openapi.json", paths)).toBeUndefined();
});

describe("with one backend at the root", () => {
  const paths = { root: time };
  test.each([
    ["/now", "time now"],
    ["/now/", "time now"],
    ["/docs", "time docs"],
    ["/time", "time time"],
    ["/time/now", "time now"],
    ["/json/echo", "json echo"],
    ["/a/b", "time a/b"],
  ])("%s calls %s", (path, tool) => {
    expect(toolAt(path, paths)).toBe(tool);
  });
  test.each([
    ["/", "time home"],
    ["/openapi.json", "time document"],
    ["/system", "time system"],
    ["/resources", "time resources"],
    ["/prompts/x", "time prompts x"],
    ["/json/docs", "json docs"],
    ["/gateway/openapi.json", "all document"],
    ["/gateway/docs", "all docs"],
  ])("%s shows %s", (path, page) => {
    expect(pageAt(path, paths)).toBe(page);
  });
});
