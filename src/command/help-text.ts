import { calledAs } from "../shell/called-as.ts";
import type { CommandName } from "./command-line.ts";
import { PROJECT } from "../shell/project-files.ts";
import { alignRows } from "../shell/terminal.ts";

const SERVE_FLAGS = `Where
  -p, --port 8787           port to listen on; 0 takes a free one
  -h, --host 127.0.0.1      address to listen on; 0.0.0.0 for the whole network
      --public-url URL      https address people reach this gateway at
      --state DIR           where state and secrets are kept (.wrangler/state)
      --log-level LEVEL     debug, info, warning or error (LOG_LEVEL; warning)
Who
  -k, --api-key KEY         key callers give, for this run
      --owner-password PW   password of the owner's page, for this run
What
  -c, --config FILE         backends to serve (the "mcpServers" file), watched
      --type TYPE           what the URL after "--" speaks: http or sse
  -H, --header JSON         headers for the URL after "--", one JSON object
  -e, --env KEY=VALUE       a variable of this run; repeatable
      --env-path FILE       more of them, where the environment has none
REST, over "gateway.openapi" of the config
  -n, --name TEXT           title of the document; name of the server after "--"
  -d, --description TEXT    its description
  -v, --version TEXT        its version; without TEXT, tells ours and ends
      --path-prefix PATH    where the backends are (/)
      --root-path PATH      what a proxy in front puts before every path
      --cors-allow-origins ORIGIN
                            pages that may read answers; repeatable (* for any)
      --public-documents    documents need no key
      --compat mcpo         answers and documents exactly as mcpo gives them
      --strict-auth, --hot-reload
                            mcpo's words for what always holds here
      --help                this text`;

const TEXTS: Record<CommandName, string> = {
  start: `${calledAs("start", "[flags]")} [-- COMMAND ARGS… | -- URL]

Serves the gateway on this machine. What comes after "--" is the one MCP server
to serve, as in
${calledAs("start", "-- npx -y @modelcontextprotocol/server-memory")}

${SERVE_FLAGS}

Flags win over the config, which is never written. Without one they go over the
stored config, and stay in it. Secrets are made on the first run and kept in
.dev.vars. \${NAME} in the config is a variable of the environment or .dev.vars.
LLM_BASE_URL, LLM_API_KEY and LLM_MODEL in either give mcp-gateway a language
model; CONNECTION_TIMEOUT is the limit, in seconds, of backends that name none.
Exit codes: 0 stopped, 1 wrong flag or config, 2 port in use.`,
  dev: `${calledAs("dev", "[flags]")}

Serves the gateway with "wrangler dev": slower, rebuilds when source changes.

${SERVE_FLAGS}`,
  connect: `${calledAs("connect", "[flags]")} [-- COMMAND ARGS… | -- URL]

Brings MCP servers of this machine and its network to a gateway elsewhere. The
config of that gateway names each as {"connector": true}, and its owner makes
the key, for backends by name or for "*":
${calledAs("keys", "create --name home --connect nas")}

  -g, --gateway URL         the gateway (or GATEWAY_URL in the environment)
  -k, --key KEY             a key that may connect (better: GATEWAY_API_KEY)
  -c, --config FILE         servers to bring (the "mcpServers" file)
  -n, --name NAME           what the backend after "--" is called there
      --once                end when a connection or a server ends
  -h, --help                this text
      --version             version

Exit codes: 0 stopped, 1 wrong flag or config, 3 refused by the gateway or (with
--once) not reached, 4 (with --once) a server ended.`,
  stdio: `${calledAs("stdio", "[flags]")}

Speaks MCP over stdin and stdout, for clients that only start programs, and
passes it on to a gateway. Flags win over the variables in parentheses.

  -g, --gateway URL         the gateway (GATEWAY_URL)
  -k, --key KEY             a key of it (better: GATEWAY_API_KEY); without one,
                            sign in with a browser, once
  -b, --backend NAME        one backend alone, under its own tool names
      --default-model ID    model for tools of the built-in server llm, where a
                            call names none (DEFAULT_MODEL)
      --timeout SECONDS     longest wait for a message about a request (TIMEOUT;
                            as long as the gateway is there)
      --max-retries N       tries again for what was never delivered
                            (MAX_RETRIES; 3)
      --log-level LEVEL     debug, info, warn or error, on stderr (LOG_LEVEL;
                            info)
      --login               sign in now, and end
      --no-login            never open a browser
  -h, --help                this text
      --version             version

Exit codes: 0 ended, 1 wrong flag or variable, 3 not signed in.`,
  deploy: `${calledAs("deploy", "[flags]")}

Puts the gateway on your Cloudflare account; running it again updates it.

      --name NAME           name of the Worker (mcp-edge-gateway)
      --domain HOST         serve at a host name of your own zone
      --public-url URL      address people reach it at, when it is neither
                            HOST nor the workers.dev one
  -c, --config FILE         config to upload; \${NAME} becomes Worker secrets
      --dry-run             show the steps and build, without an account
  -h, --help                this text
      --version             version`,
  config: `${calledAs("config", "get | put FILE | check FILE | import")} [flags]

get    prints the config of a gateway, its secrets masked: what goes back masked
       stays as it was
put    makes FILE the config of a gateway, and says what that changes; commands
       and what they are started with stay here
check  says what is wrong with FILE, and asks nobody
import shows the servers that Claude Desktop, Claude Code, Cursor, VS Code and
       Windsurf know on this machine, and adds them to a file of yours

  -g, --gateway URL         the gateway (or GATEWAY_URL in the environment)
      --if-version N        put only over version N, which FILE was made from
      --dry-run             say what put would change, and change nothing
  -w, --write FILE          add what import finds; no entry of FILE is changed
      --from CLIENT         claude-desktop, claude-code, cursor, vscode or
                            windsurf; repeatable, all without it
  -y, --yes                 do not ask before writing
      --owner-password PW   better: OWNER_PASSWORD; else it is asked for
  -h, --help                this text

Exit codes: 0 done, 1 wrong flag or config, 2 gateway not reached or no access.`,
  keys: `${calledAs("keys", "list | create | revoke ID")} [flags]

create prints the key, this once; list shows what each key may.

  -n, --name NAME           what it is for
      --allow PATTERN       backends, or backend/tool; repeatable, all without it
      --deny PATTERN        the same, and it wins; repeatable
      --connect BACKEND     a key for "connect" alone, for these; repeatable
      --models PATTERN      models it may ask; repeatable, all without it
      --expires TIME        12h, 30d or 8w; never without it
      --progress STYLE      how tools at work show: auto, events, text, reasoning,
                            details or none
      --approvals WHEN      never, ask or always
      --open-webui TRUST    believe who a person is by jwt or headers
      --resource-tools      tools that list and read resources
      --read-only           no tool that changes anything
      --mode search         three tools to search the others with
      --user ID             a person's key, under their rules
      --json                the whole answer
  -g, --gateway URL         the gateway (or GATEWAY_URL in the environment)
      --owner-password PW   better: OWNER_PASSWORD; else it is asked for
  -h, --help                this text

Exit codes: 0 done, 1 wrong flag or key, 2 gateway not reached or no access.`,
  status: `${calledAs("status", "[flags]")}

Shows how every backend of a gateway is.

  -g, --gateway URL         the gateway (or GATEWAY_URL in the environment)
  -k, --key KEY             a key of it (better: GATEWAY_API_KEY)
      --json                as the gateway tells it
  -h, --help                this text

Exit codes: 0 shown, 1 wrong flag, 2 gateway not reached or no access.`,
};

const COMMANDS: readonly (readonly [CommandName, string])[] = [
  ["start", "serve it here"],
  ["dev", "serve it while editing"],
  ["connect", "bring local servers"],
  ["stdio", "speak to one over stdio"],
  ["deploy", "put it on Cloudflare"],
  ["status", "see how one is"],
  ["config", "see, change and check what it serves"],
  ["keys", "see, make and revoke its keys"],
];

function overview(): string {
  const rows = COMMANDS.filter(([name]) => !(PROJECT.isPacked && name === "dev")).map(
    ([name, what]) => [calledAs(name), what],
  );
  const last = `Each has flags of its own: ${calledAs("start", "--help")}`;
  return [
    "mcp-edge-gateway: every MCP server behind one address",
    "",
    ...alignRows(rows),
    "",
    last,
  ].join("\n");
}

export function helpText(about: CommandName | undefined): string {
  return about === undefined ? overview() : TEXTS[about];
}
