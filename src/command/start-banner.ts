import { calledAs } from "../shell/called-as.ts";
import type { BackendStatus, ModelStatus } from "./gateway-client.ts";
import { alignRows, countOf, oneLine, type Style } from "../shell/terminal.ts";

/** A line that says why a backend is down should still fit beside its name. */
const REASON_WIDTH = 52;
/** Of a provider there is no state beside it, and its reason says what to change. */
const PROBLEM_WIDTH = 76;

export type BannerFacts = Readonly<{
  version: string;
  /** Where the gateway is reached from this machine. */
  url: string;
  /** Where everybody else reaches it, when that was said. */
  publicUrl: string | undefined;
  ownerPassword: string;
  apiKey: string;
}>;

export function renderAccess(facts: BannerFacts, style: Style): string {
  const rows = [
    ["URL", facts.url],
    ...(facts.publicUrl === undefined ? [] : [["Public URL", facts.publicUrl]]),
    ["Your pages", `${facts.publicUrl ?? facts.url}/admin`],
    ["Owner password", facts.ownerPassword],
    ["API key", facts.apiKey],
  ];
  return ["", `  ${style.bold("mcp-edge-gateway")} ${facts.version}`, "", ...alignRows(rows)].join(
    "\n",
  );
}

export function renderBackends(
  backends: readonly BackendStatus[] | undefined,
  style: Style,
): string {
  const title = `\n  ${style.bold("Backends")}`;
  if (backends === undefined) return `${title}\n    not known yet: /status does not answer`;
  if (backends.length === 0) return `${title}\n    none configured`;
  const rows = backends.map((backend) => [backend.name, backend.state, describeBackend(backend)]);
  const lines = alignRows(rows, "    ");
  const painted = lines.map((line, index) => paint(line, backends[index]?.state, style));
  return [title, ...painted].join("\n");
}

/** Tools of a ready backend; why another one is not ready. */
export function describeBackend(backend: BackendStatus): string {
  switch (backend.state) {
    case "ready":
      // Of what each has for themselves nothing is known here.
      if (backend.credentials === "per-user") return "everybody logs in for themselves";
      return countOf(backend.counts?.tools ?? 0, "tool");
    case "offline":
      return oneLine(withoutSubject(backend), REASON_WIDTH) || "no connector brings it";
    case "connecting":
      return "";
    default:
      return oneLine(withoutSubject(backend), REASON_WIDTH);
  }
}

/** The row already names the backend; what is left of the width is for the reason. */
function withoutSubject({ name, lastError }: BackendStatus): string {
  return (lastError ?? "")
    .replace(/^Cannot connect: /, "")
    .replace(`backend "${name}" `, "")
    .replace(/^the local server is not running: /, "");
}

export function renderModels(models: ModelStatus | undefined, style: Style): string {
  const title = `\n  ${style.bold("Language model")}`;
  if (models === undefined) return `${title}\n    not known yet: /status does not answer`;
  if (models.providers.length === 0) {
    return `${title}\n    none: set LLM_BASE_URL and LLM_MODEL, or "llm" in the config`;
  }
  const troubled = models.providers.flatMap(({ name, problem }) =>
    problem === null ? [] : [`${name}: ${oneLine(ofProvider(name, problem), PROBLEM_WIDTH)}`],
  );
  const behind =
    models.default === null
      ? 'mcp-gateway has none: set LLM_MODEL, or "llm.defaultModel" in the config'
      : `mcp-gateway is ${models.default} with the tools`;
  return [title, `    ${behind}`, ...troubled.map((line) => `    ${line}`)].join("\n");
}

/** The line already names the provider. */
function ofProvider(name: string, problem: string): string {
  return problem.replace(`Cannot list models: provider "${name}" `, "");
}

function paint(line: string, state: string | undefined, style: Style): string {
  if (state === "ready") return line.replace(/ ready /, ` ${style.good("ready")} `);
  if (state === "down") return line.replace(/ down /, ` ${style.bad("down")} `);
  return line;
}

export function renderConnecting(facts: BannerFacts, style: Style): string {
  const url = facts.publicUrl ?? facts.url;
  const rows = [
    ["Claude.ai", claudeHint(facts)],
    ["Claude Code", `claude mcp add -t http gateway ${url}/mcp`],
    ["MCP clients", `${url}/mcp  (sign in, or the API key as bearer)`],
    ["Open WebUI", `OpenAI connection ${url}/v1 with the API key`],
    ["OpenAPI", `${url}/openapi.json with the API key`],
    ["OpenAI SDK", `base_url="${url}/v1", api_key=the API key`],
    ["curl", `curl --oauth2-bearer $KEY ${url}/v1/tools`],
  ];
  return ["", `  ${style.bold("Connect")}`, ...alignRows(rows, "    ")].join("\n");
}

/** Claude.ai calls from the internet, so only a public https address will do. */
function claudeHint({ publicUrl }: BannerFacts): string {
  if (publicUrl?.startsWith("https://") === true) {
    return `Settings, Connectors, Add: ${publicUrl}/mcp`;
  }
  return `needs public https: tunnel + --public-url, or ${calledAs("deploy")}`;
}
