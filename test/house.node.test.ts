import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { GATEWAY_INFO } from "../src/core/gateway-info.ts";

const SRC = resolve(import.meta.dirname, "../src");

/** A room may import itself and rooms of a lower level; surfaces never each other. */
const LEVELS: Record<string, number> = {
  core: 0,
  config: 1,
  tunnel: 1,
  catalog: 1,
  telemetry: 1,
  llm: 2,
  backends: 3,
  auth: 3,
  gateway: 4,
  http: 4,
  pages: 5,
  chat: 5,
  mcp: 6,
  openai: 6,
  openapi: 6,
  oauth: 6,
  connect: 6,
  admin: 6,
  me: 6,
  status: 6,
  compose: 7,
};
const ENTRY_LEVELS: Record<string, number> = { "app.ts": 8, "index.ts": 9 };
/** The Node side stands aside: its rooms have levels of their own, and may use these of the Worker's. */
const NODE_LEVELS: Record<string, number> = { shell: 0, connector: 1, bridge: 1, command: 2 };
const NODE_MAY_USE = ["config", "tunnel", "core"];

/** Third-party boundaries: package prefix → rooms (or entry files) that may import values of it. */
const BOUNDARIES: readonly {
  package: RegExp;
  rooms: readonly string[];
  typesAlsoIn?: readonly string[];
}[] = [
  {
    package: /^(@modelcontextprotocol\/|agents(\/|$))/,
    rooms: ["mcp", "backends", "tunnel", "command", "bridge"],
    typesAlsoIn: ["catalog"],
  },
  {
    package: /^hono(\/|$)/,
    rooms: [
      "mcp",
      "openai",
      "openapi",
      "oauth",
      "connect",
      "admin",
      "status",
      "http",
      "pages",
      "me",
      "compose",
      "app.ts",
    ],
  },
];
const OBJECT_FILES = /(-object\.ts|^index\.ts|^app\.ts)$/;

type Import = { file: string; room: string; specifier: string; typeOnly: boolean };

function filesOf(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesOf(path) : [path];
  });
}

function roomOf(file: string): string {
  const parts = relative(SRC, file).split("/");
  return parts.length === 1 ? basename(file) : (parts[0] ?? "");
}

const files = filesOf(SRC);
const imports: Import[] = files
  .filter((file) => /\.tsx?$/.test(file))
  .flatMap((file) =>
    [
      ...readFileSync(file, "utf8").matchAll(
        /^\s*(import|export)\s+(type\s+)?[^;"']*?from\s+"([^"]+)"|import\("([^"]+)"\)/gm,
      ),
    ].map((match) => ({
      file,
      room: roomOf(file),
      specifier: match[3] ?? match[4] ?? "",
      typeOnly: match[2] !== undefined,
    })),
  );

function nameOf(file: string): string {
  return relative(SRC, file);
}

function isNode(room: string): boolean {
  return room in NODE_LEVELS;
}

function nodeLevelOf(room: string): number {
  return NODE_LEVELS[room] ?? 0;
}

function levelOf(room: string): number {
  return LEVELS[room] ?? ENTRY_LEVELS[room] ?? 0;
}

test("keeps rooms one level deep and known", () => {
  const strangers = files.map(nameOf).filter((file) => {
    const parts = file.split("/");
    if (parts.length === 1) return !["index.ts", "app.ts"].includes(file);
    return parts.length !== 2 || !((parts[0] ?? "") in LEVELS || isNode(parts[0] ?? ""));
  });
  expect(strangers).toEqual([]);
});

test("names every file once, in kebab-case, and never utils, helpers, types or index", () => {
  const names = files.map((file) => basename(file));
  expect(names.filter((file, index) => names.indexOf(file) !== index)).toEqual([]);
  expect(names.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*\.(ts|tsx|mjs)$/.test(file))).toEqual([]);
  const vague = /^(utils?|helpers?|types?|common|misc)\.ts$/;
  expect(names.filter((file) => vague.test(file))).toEqual([]);
  expect(files.map(nameOf).filter((file) => file.endsWith("/index.ts"))).toEqual([]);
});

test("imports only downward, types included", () => {
  const upward = imports
    .filter(({ specifier }) => specifier.startsWith("."))
    .filter(({ file, room, specifier }) => {
      const target = roomOf(resolve(dirname(file), specifier));
      if (target === room) return false;
      if (isNode(target)) return !isNode(room) || nodeLevelOf(target) >= nodeLevelOf(room);
      if (isNode(room)) return !NODE_MAY_USE.includes(target);
      return levelOf(target) >= levelOf(room);
    })
    .map(({ file, specifier }) => `${nameOf(file)} imports ${specifier}`);
  expect(upward).toEqual([]);
});

test("writes the ending in every import of its own", () => {
  expect(
    imports
      .filter(({ specifier }) => specifier.startsWith(".") && !/\.(ts|tsx|mjs)$/.test(specifier))
      .map(({ file, specifier }) => `${nameOf(file)} imports ${specifier}`),
  ).toEqual([]);
});

test("keeps third-party packages behind their boundaries", () => {
  const crossings = imports.flatMap(({ file, room, specifier, typeOnly }) => {
    if (specifier === "cloudflare:workers" && !typeOnly && !OBJECT_FILES.test(nameOf(file))) {
      return [`${nameOf(file)} imports ${specifier}`];
    }
    return BOUNDARIES.filter((boundary) => boundary.package.test(specifier))
      .filter(
        (boundary) =>
          !boundary.rooms.includes(room) &&
          !(typeOnly && (boundary.typesAlsoIn ?? []).includes(room)),
      )
      .map(() => `${nameOf(file)} imports ${specifier}`);
  });
  expect(crossings).toEqual([]);
});

test("has no import cycles, types included", () => {
  const graph = new Map<string, string[]>();
  for (const { file, specifier } of imports) {
    if (!specifier.startsWith(".")) continue;
    graph.set(file, [...(graph.get(file) ?? []), resolve(dirname(file), specifier)]);
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  function visit(file: string, path: readonly string[]): void {
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file].map(nameOf).join(" → "));
      return;
    }
    if (done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  }
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

test("leaves nothing unused: every file of src is imported or an entry", () => {
  const entries = [
    "index.ts",
    "command/main.ts",
    "command/run.mjs",
    "command/packed.mjs",
    "command/build-package.ts",
    "command/node-guard.mjs",
    "command/ensure-installed.mjs",
  ];
  const imported = new Set(
    imports
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ file, specifier }) => resolve(dirname(file), specifier)),
  );
  expect(
    files
      .filter((file) => !imported.has(file))
      .map(nameOf)
      .filter((file) => !entries.includes(file)),
  ).toEqual([]);
});

test("says one version everywhere", () => {
  const manifest = JSON.parse(readFileSync(resolve(SRC, "../package.json"), "utf8"));
  expect(GATEWAY_INFO.version).toBe(manifest.version);
});

test("refers to nothing that is not in the repository", () => {
  const elsewhere = /\b(?:design|habits|security|performance|seed-systems)\.md\b|\bT\d{3}\b/;
  expect(files.filter((file) => elsewhere.test(readFileSync(file, "utf8"))).map(nameOf)).toEqual(
    [],
  );
});
