/** Programs that start another one, and the words between them and it. */
const LAUNCHERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["npx", []],
  ["bunx", []],
  ["uvx", []],
  ["pipx", ["run"]],
  ["npm", ["exec", "x"]],
  ["pnpm", ["dlx", "exec"]],
  ["yarn", ["dlx"]],
  ["bun", ["run", "x"]],
  ["uv", ["run", "tool"]],
  ["deno", ["run"]],
  ["node", []],
  ["tsx", []],
  ["python", []],
  ["docker", ["run"]],
  ["podman", ["run"]],
  ["env", []],
]);
/** Flags whose next word is the server itself. */
const NAMING_FLAGS: ReadonlySet<string> = new Set(["-m", "--from", "--package"]);
/** Flags whose next word is something else. */
const FLAGS_WITH_VALUE: ReadonlySet<string> = new Set([
  ..."-c -e -v --env --env-file --volume --mount --network --name --user --directory".split(" "),
  ..."--project --python --with --registry --require -r --import --loader --platform".split(" "),
]);
/** Folders and files that many packages have, and none is called by. */
const COMMON_SEGMENT = /^(index|main|server|cli|dist|build|lib|bin|src|out|app|mcp|node_modules)$/i;

const MAX_LENGTH = 31;

/** What people call the server that a command starts: `npx -y @x/server-memory` is `memory`. */
export function nameOfCommand(words: readonly string[]): string {
  return shorten(lastMeaning(serverWord(words)));
}

/** `https://mcp.wave.example.com/mcp` is `wave`; an address without a name is `remote`. */
export function nameOfUrl(url: string): string {
  const host = URL.parse(url)?.hostname ?? "";
  if (!/[a-z]/i.test(host) || host.startsWith("[") || host === "localhost") return "remote";
  const labels = host.split(".").slice(0, -1);
  const own = labels.find((label) => !/^(www|mcp|api|gateway)$/.test(label));
  return shorten(own ?? host.split(".")[0] ?? "");
}

/** The word that names the server: behind every launcher and its flags. */
function serverWord(words: readonly string[]): string {
  let [program = "", ...rest] = words;
  for (;;) {
    const between = LAUNCHERS.get(programName(program));
    if (between === undefined || rest.length === 0) return program;
    const next = nextWord(rest, between);
    if (next === undefined) return program;
    [program = "", ...rest] = next;
  }
}

function nextWord(
  words: readonly string[],
  between: readonly string[],
): readonly string[] | undefined {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const [flag = "", value] = word.split("=", 2);
    if (NAMING_FLAGS.has(flag))
      return value === undefined ? words.slice(index + 1, index + 2) : [value];
    if (FLAGS_WITH_VALUE.has(word)) index += 1;
    const isAssignment = /^[A-Za-z_]\w*=/.test(word);
    if (!word.startsWith("-") && !isAssignment && !between.includes(word)) {
      return words.slice(index);
    }
  }
  return undefined;
}

function programName(path: string): string {
  const name = path.split(/[/\\]/).at(-1) ?? "";
  return name
    .replace(/\.(exe|cmd)$/i, "")
    .replace(/^(python|node)[\d.]+$/, "$1")
    .toLowerCase();
}

/** Without version, scope, registry, path and ending. */
function lastMeaning(word: string): string {
  const segments = word
    .replace(/^(git\+)?[a-z]+:\/\/[^/]+\//i, "")
    .replace(/(?<=.)(@|==|>=|~=|#)[^/]*$/, "")
    .replace(/:[\w.-]+$/, "")
    .split(/[/\\]/)
    .map((segment) => segment.replace(/\.(c|m)?(js|ts)$|\.(py|sh|exe|cmd|jar|git)$/i, ""))
    .filter((segment) => segment !== "" && segment !== "." && segment !== "..");
  return segments.findLast((segment) => !COMMON_SEGMENT.test(segment)) ?? "";
}

/** `mcp-server-time`, `server-memory` and `wave_mcp` are known as `time`, `memory` and `wave`. */
function shorten(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-*(mcp-server|server|mcp)-(for-)?/, "")
    .replace(/-(mcp-server|server|mcp)-*$/, "")
    .replace(/^[^a-z]+/, "")
    .slice(0, MAX_LENGTH)
    .replace(/-+$/, "");
}
