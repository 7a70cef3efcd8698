/** One way of using the gateway; the first text says what for. */
export type ConnectWay = Readonly<{
  id: string;
  name: string;
  /** How it proves who it is. */
  by: "signing in" | "a key";
  /** Its servers call from the internet. */
  needsPublic?: boolean;
  steps: readonly ConnectStep[];
}>;

/** A sentence, or a text to be taken over as it stands. */
export type ConnectStep = string | Readonly<{ what: string; text: string }>;

/** Stands where a key belongs: pages never show one that exists. */
export const KEY_HERE = "YOUR_KEY";

/** What each client wants to be told, at the address the reader is at. */
export function connectWays(origin: string): readonly ConnectWay[] {
  const mcp = `${origin}/mcp`;
  const v1 = `${origin}/v1`;
  const headers = { Authorization: `Bearer ${KEY_HERE}` };
  const bridge = {
    // Not npx: until this package is in a registry, its name there is whoever's takes it.
    command: "npm",
    args: ["--prefix", "/path/to/mcp-edge-gateway", "run", "--silent", "stdio"],
    env: { GATEWAY_URL: origin, GATEWAY_API_KEY: KEY_HERE },
  };
  return [
    {
      id: "claude-ai",
      name: "Claude.ai",
      by: "signing in",
      needsPublic: true,
      steps: [
        "Settings → Connectors → Add custom connector, with this address:",
        { what: "the address", text: mcp },
        "Press Connect. A page of this gateway opens and asks what Claude may use. The apps for desktop and phone then have it too.",
      ],
    },
    {
      id: "chatgpt",
      name: "ChatGPT",
      by: "signing in",
      needsPublic: true,
      steps: [
        "Settings → Apps & Connectors → Advanced → Developer mode, then Create, with authentication OAuth and this address:",
        { what: "the address", text: mcp },
      ],
    },
    {
      id: "claude-code",
      name: "Claude Code",
      by: "signing in",
      steps: [
        { what: "the command", text: `claude mcp add --transport http gateway ${mcp}` },
        "Then type /mcp in Claude Code and choose Authenticate. With a key instead:",
        {
          what: "the command with a key",
          text: `claude mcp add --transport http gateway ${mcp} --header "Authorization: Bearer ${KEY_HERE}"`,
        },
      ],
    },
    {
      id: "claude-desktop",
      name: "Claude Desktop",
      by: "a key",
      steps: [
        "With a public address, add it as in Claude.ai. Otherwise put this into claude_desktop_config.json (Settings → Developer → Edit config):",
        { what: "the config", text: json({ mcpServers: { gateway: bridge } }) },
      ],
    },
    {
      id: "cursor",
      name: "Cursor",
      by: "signing in",
      steps: [
        "Into ~/.cursor/mcp.json, or .cursor/mcp.json of one project; Cursor then asks you to sign in:",
        { what: "the config", text: json({ mcpServers: { gateway: { url: mcp } } }) },
      ],
    },
    {
      id: "vscode",
      name: "VS Code",
      by: "signing in",
      steps: [
        "In a shell:",
        {
          what: "the command",
          text: `code --add-mcp '${JSON.stringify({ name: "gateway", type: "http", url: mcp })}'`,
        },
        "Or into .vscode/mcp.json:",
        { what: "the config", text: json({ servers: { gateway: { type: "http", url: mcp } } }) },
      ],
    },
    {
      id: "windsurf",
      name: "Windsurf",
      by: "a key",
      steps: [
        "Into ~/.codeium/windsurf/mcp_config.json:",
        {
          what: "the config",
          text: json({ mcpServers: { gateway: { serverUrl: mcp, headers } } }),
        },
      ],
    },
    {
      id: "open-webui",
      name: "Open WebUI, as a model",
      by: "a key",
      steps: [
        "Admin settings → Connections → OpenAI API. The gateway's model then uses the tools by itself. Base URL:",
        { what: "the base URL", text: v1 },
        "The connection's headers, so that tools at work show as status lines:",
        { what: "the headers", text: json(OPEN_WEBUI_HEADERS) },
        "Choose the model mcp-gateway, or mcp-gateway/{backend} for the tools of one backend.",
      ],
    },
    {
      id: "open-webui-tools",
      name: "Open WebUI, as tools",
      by: "a key",
      steps: [
        "Admin settings → External tools: type MCP (Streamable HTTP), authentication Bearer with your key, address:",
        { what: "the MCP address", text: mcp },
        "Or type OpenAPI, path openapi.json, authentication Bearer, address:",
        { what: "the OpenAPI address", text: origin },
      ],
    },
    {
      id: "openai-python",
      name: "OpenAI SDK, Python",
      by: "a key",
      steps: [
        {
          what: "the program",
          text: `from openai import OpenAI

client = OpenAI(base_url="${v1}", api_key="${KEY_HERE}")
answer = client.chat.completions.create(
    model="mcp-gateway",
    messages=[{"role": "user", "content": "Which tools do you have?"}],
)
print(answer.choices[0].message.content)`,
        },
      ],
    },
    {
      id: "openai-js",
      name: "OpenAI SDK, JavaScript",
      by: "a key",
      steps: [
        {
          what: "the program",
          text: `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${v1}", apiKey: "${KEY_HERE}" });
const answer = await client.chat.completions.create({
  model: "mcp-gateway",
  messages: [{ role: "user", content: "Which tools do you have?" }],
});
console.log(answer.choices[0].message.content);`,
        },
      ],
    },
    {
      id: "curl",
      name: "curl",
      by: "a key",
      steps: [
        "Which tools there are:",
        { what: "the list", text: `curl -H "Authorization: Bearer ${KEY_HERE}" ${v1}/tools` },
        "One call, as REST; every tool is explained at /docs:",
        {
          what: "the call",
          text: `curl -H "Authorization: Bearer ${KEY_HERE}" -H "Content-Type: application/json" \\\n  -d '{}' ${origin}/BACKEND/TOOL`,
        },
      ],
    },
    {
      id: "docker",
      name: "Docker MCP Toolkit",
      by: "a key",
      steps: [
        "The image of this gateway speaks stdio; build it with docker build -t mcp-edge-gateway . in its folder:",
        {
          what: "the command",
          text: `docker run -i --rm -e GATEWAY_URL=${origin} -e GATEWAY_API_KEY=${KEY_HERE} mcp-edge-gateway stdio`,
        },
        "For a catalog of your own, its description is .docker/mcp-registry/server.yaml.",
      ],
    },
    {
      id: "stdio",
      name: "Any client that starts programs",
      by: "a key",
      steps: [
        "Where a client knows commands only; the path is that of a checkout of this gateway on that machine. Without GATEWAY_API_KEY it signs in with a browser, once:",
        { what: "the config", text: json({ mcpServers: { gateway: bridge } }) },
      ],
    },
  ];
}

/** Open WebUI fills them in for each request. */
const OPEN_WEBUI_HEADERS = {
  "X-Gateway-Client": "open-webui",
  "X-OpenWebUI-Task": "{{TASK}}",
  "X-OpenWebUI-Chat-Id": "{{CHAT_ID}}",
  "X-OpenWebUI-Message-Id": "{{MESSAGE_ID}}",
  "X-OpenWebUI-User-Id": "{{USER_ID}}",
  "X-OpenWebUI-User-Email": "{{USER_EMAIL}}",
  "X-OpenWebUI-User-Groups": "{{USER_GROUPS}}",
};

function json(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
