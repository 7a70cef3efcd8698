import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { type Child, startChild } from "../support/child.ts";
import { linkPackage, PACK_MS, ROOT } from "../support/packed-command.ts";

const execute = promisify(execFile);

type Step = Readonly<{ word: string; rest: string }>;

/** Where the image's folders are on this machine. */
let image: string;
let stages: readonly (readonly Step[])[];
const started: Child[] = [];

beforeAll(async () => {
  image = await mkdtemp(join(tmpdir(), "image-"));
  stages = readStages(await readFile(join(ROOT, "Dockerfile"), "utf8"));
  await build(stages[0] ?? []);
}, PACK_MS);
afterAll(async () => {
  await Promise.all(started.map((child) => child.stop()));
  await rm(image, { recursive: true, force: true });
});

function readStages(text: string): readonly (readonly Step[])[] {
  const found: Step[][] = [];
  for (const line of text.replaceAll("\\\n", " ").split("\n")) {
    const [, word = "", rest = ""] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (word === "FROM") found.push([]);
    if (word !== "") found.at(-1)?.push({ word, rest });
  }
  return found;
}

/** A path of the image, on this machine. */
function here(text: string): string {
  return text.replaceAll(/(?<=^|[\s"'=])\/(src|app|data)\b/g, `${image}/$1`);
}

/**
 * The steps as an engine would take them, but for the two that need a registry: those take the same
 * packages from the checkout. That they are there in an image is not proven, nor who runs what.
 */
async function build(steps: readonly Step[]): Promise<void> {
  const folder = join(image, "src");
  await mkdir(folder, { recursive: true });
  const replaced: string[] = [];
  for (const { word, rest } of steps) {
    if (word === "COPY") {
      const parts = rest.split(" ");
      const target = parts.pop() ?? "";
      for (const part of parts) {
        const place = target === "./" ? join(folder, part) : resolve(folder, target);
        // oxlint-disable-next-line no-await-in-loop -- one step after the other
        await cp(join(ROOT, part), place, { recursive: true });
      }
    }
    if (word !== "RUN") continue;
    if (rest.startsWith("npm ci")) {
      replaced.push("npm ci");
      // oxlint-disable-next-line no-await-in-loop
      await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
      continue;
    }
    const offline = rest.replace(/ "miniflare@.*"$/, " --offline");
    if (offline !== rest) replaced.push("miniflare");
    // oxlint-disable-next-line no-await-in-loop
    await execute("/bin/sh", ["-ec", here(offline)], { cwd: folder, timeout: PACK_MS });
  }
  await linkPackage(join(image, "app"), "miniflare");
  expect(replaced).toEqual(["npm ci", "miniflare"]);
}

function last(word: string): string {
  return stages.at(-1)?.findLast((step) => step.word === word)?.rest ?? "";
}

/** As the engine starts it: the program of ENTRYPOINT, and `args` or what CMD says. */
function start(args: readonly string[], env: Record<string, string> = {}): Child {
  const [, ...entry] = JSON.parse(here(last("ENTRYPOINT")));
  const variables = last("ENV")
    .split(" ")
    .map((pair) => here(pair).split("="));
  const child = startChild(process.execPath, [...entry, ...args], {
    cwd: image,
    env: { HOME: image, ...Object.fromEntries(variables), ...env },
  });
  started.push(child);
  return child;
}

test("serves with what CMD says, keeps its state in the volume, and tells when it is well", async () => {
  const command: string[] = JSON.parse(last("CMD"));
  expect(command).toEqual(["start", "--host", "0.0.0.0"]);
  // Not to the network here, and on a port that is free.
  const { services } = parse(await readFile(join(ROOT, "compose.yaml"), "utf8"));
  const unset = Object.keys(services.gateway.environment).map((name) => [name, ""]);
  const child = start([...command.slice(0, 1), "--port", "0"], Object.fromEntries(unset));
  const [, url = ""] = await child.see(/URL\s+(http:\S+)/, 60_000);
  await child.see(/Connect\n[\s\S]*curl /, 60_000);
  expect(child.output()).toMatch(/API key +mgw_/);
  expect(child.output()).not.toContain("Public URL");
  expect(await readFile(join(image, "data/mcp-edge-gateway/.dev.vars"), "utf8")).toMatch(
    /^OWNER_PASSWORD=/m,
  );

  const [, check = ""] = /CMD (\[.*\])$/.exec(last("HEALTHCHECK")) ?? [];
  const [, flag = "", script = ""]: string[] = JSON.parse(check);
  const asked = (address: string, pid: number): Promise<unknown> =>
    execute(process.execPath, [
      flag,
      script.replace("/proc/1/", `/proc/${pid}/`).replace("http://127.0.0.1:8787", address),
    ]);
  await asked(url, child.process.pid ?? 0);
  // One that does not serve has nothing to answer.
  await asked("http://127.0.0.1:9", process.pid);
  await expect(asked("http://127.0.0.1:9", child.process.pid ?? 0)).rejects.toMatchObject({
    code: 1,
  });
  expect(await child.stop()).toBe(0);
}, 90_000);

test("speaks stdio instead, and wants to know to whom", async () => {
  const child = start(["stdio", "--no-login"]);
  await child.see(/no gateway, set GATEWAY_URL/);
});

test("ends up as a user who may do nothing else", () => {
  const [, runtime = []] = stages;
  const words = runtime.map(({ word }) => word);
  expect(last("USER")).toBe("node");
  expect(words.indexOf("RUN")).toBeLessThan(words.indexOf("USER"));
  expect(words.lastIndexOf("COPY")).toBeLessThan(words.indexOf("USER"));
  expect(last("VOLUME")).toBe("/data");
});

test("sends the engine no more of the checkout than is copied", async () => {
  const ignore = await readFile(join(ROOT, ".dockerignore"), "utf8");
  const sent = ignore.split("\n").flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));
  const copied = (stages[0] ?? [])
    .filter(({ word }) => word === "COPY")
    .flatMap(({ rest }) => rest.split(" ").slice(0, -1));
  expect(ignore.split("\n")[0]).toBe("*");
  expect(sent.toSorted()).toEqual(copied.toSorted());
});

test("is composed as one service, on loopback, that has no rights beyond its own", async () => {
  const { services, volumes } = parse(await readFile(join(ROOT, "compose.yaml"), "utf8"));
  expect(Object.keys(services)).toEqual(["gateway"]);
  const { ports, volumes: mounts, cap_drop, user } = services.gateway;
  expect(ports).toEqual(["127.0.0.1:8787:8787"]);
  expect(mounts).toEqual([`${Object.keys(volumes)[0]}:${last("VOLUME")}`]);
  expect({ cap_drop, user }).toEqual({ cap_drop: ["ALL"], user: undefined });
});

test("is described for the Docker MCP registry with variables that stdio reads", async () => {
  const folder = join(ROOT, ".docker/mcp-registry");
  const server = parse(await readFile(join(folder, "server.yaml"), "utf8"));
  expect(server).toMatchObject({ type: "server", image: `mcp/${server.name}` });
  const { secrets, env, parameters } = server.config;
  for (const { name } of secrets) expect(name).toMatch(new RegExp(`^${server.name}\\.`));
  // Docker Desktop asks for each parameter and puts it where the template names it.
  const templates = env.map(({ value }: { value: string }) => value);
  expect(templates).toEqual(
    Object.keys(parameters.properties).map((key) => `{{${server.name}.${key}}}`),
  );
  const settings = await readFile(join(ROOT, "src/bridge/stdio-settings.ts"), "utf8");
  for (const { name } of env) expect(settings).toContain(`"${name}"`);
  for (const { env: name } of secrets) expect(settings).toContain(`"${name}"`);
  expect(JSON.parse(await readFile(join(folder, "tools.json"), "utf8"))).toEqual([]);
  const child = start(server.run.command);
  await child.see(/no gateway, set GATEWAY_URL/);
});
