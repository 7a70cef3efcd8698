import { posix, win32 } from "node:path";
import { isJsonObject, type JsonObject } from "../core/json.ts";

export const CLIENTS = {
  "claude-desktop": "Claude Desktop",
  "claude-code": "Claude Code",
  cursor: "Cursor",
  vscode: "VS Code",
  windsurf: "Windsurf",
} as const;
export type ClientId = keyof typeof CLIENTS;

/** A file in which a client keeps its MCP servers. */
export type ClientConfig = Readonly<{
  client: ClientId;
  path: string;
  /** The folder a project's file speaks of; undefined where it is the user's own. */
  project: string | undefined;
  /** Its servers, and nothing else that stands in the document. */
  servers: (document: JsonObject) => JsonObject | undefined;
}>;

export type Machine = Readonly<{
  platform: NodeJS.Platform;
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  /** The folder of the project whose files are looked at as well. */
  folder: string;
}>;

type Servers = ClientConfig["servers"];

const under =
  (...keys: readonly string[]): Servers =>
  (document) => {
    let value: unknown = document;
    for (const key of keys) value = isJsonObject(value) ? value[key] : undefined;
    return isJsonObject(value) ? value : undefined;
  };
const MCP_SERVERS = under("mcpServers");

/** Every place that is documented by these clients for the platform, the user's own first. */
export function clientConfigs(machine: Machine): readonly ClientConfig[] {
  const { platform, home, env, folder } = machine;
  const join = (...parts: string[]): string =>
    platform === "win32" ? win32.join(...parts) : posix.join(...parts);
  const ofProject = (client: ClientId, path: string, servers?: Servers): ClientConfig => ({
    ...user(client, join(folder, path), servers),
    project: folder,
  });
  const applications = applicationFolder(machine, join);
  const claude = join(env["CLAUDE_CONFIG_DIR"] ?? home, ".claude.json");
  return [
    user("claude-desktop", join(applications, "Claude", "claude_desktop_config.json")),
    user("claude-code", claude),
    // What it knows of one project alone is in the user's file too.
    { ...user("claude-code", claude, under("projects", folder, "mcpServers")), project: folder },
    ofProject("claude-code", ".mcp.json"),
    user("cursor", join(home, ".cursor", "mcp.json")),
    ofProject("cursor", join(".cursor", "mcp.json")),
    ...["Code", "Code - Insiders"].flatMap((name) => [
      user("vscode", join(applications, name, "User", "mcp.json"), under("servers")),
      // Where it kept them until the middle of 2025.
      user("vscode", join(applications, name, "User", "settings.json"), under("mcp", "servers")),
    ]),
    ofProject("vscode", join(".vscode", "mcp.json"), under("servers")),
    user("windsurf", join(home, ".codeium", "windsurf", "mcp_config.json")),
  ];
}

function user(client: ClientId, path: string, servers: Servers = MCP_SERVERS): ClientConfig {
  return { client, path, project: undefined, servers };
}

function applicationFolder(
  { platform, home, env }: Machine,
  join: (...parts: string[]) => string,
): string {
  if (platform === "darwin") return join(home, "Library", "Application Support");
  if (platform === "win32") return env["APPDATA"] ?? join(home, "AppData", "Roaming");
  return env["XDG_CONFIG_HOME"] ?? join(home, ".config");
}
