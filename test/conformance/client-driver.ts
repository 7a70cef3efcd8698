import * as z from "zod";
import { eventually } from "../support/child.ts";
import { type ClientDoor, openDoor } from "./client-door.ts";
import { logInAsOwner } from "./owner-login.ts";
import { REVISIONS } from "./official-suite.ts";

/**
 * What the suite takes for the client it tests: `node client-driver.ts <server>`. It has the
 * server put into the gateway's config file and does through the gateway what the scenario waits
 * for, so that the client under test is the gateway's own, towards its backends.
 */

const READY_WAIT_MS = 12_000;
/** The suite gives up after 20 s, but reaches only the shell around this. */
const DRIVE_WAIT_MS = 17_000;

const environment = z.object({
  GATEWAY_URL: z.url(),
  GATEWAY_KEY: z.string(),
  OWNER_PASSWORD: z.string(),
  /** Where a backend is put into the gateway's config file. */
  GATEWAY_BACKENDS: z.url(),
  MCP_CONFORMANCE_SCENARIO: z.string(),
  MCP_CONFORMANCE_PROTOCOL_VERSION: z.enum(REVISIONS),
  MCP_CONFORMANCE_CONTEXT: z.string().default("{}"),
});
const context = z.object({
  toolCalls: z
    .array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }))
    .default([]),
  /** A client that is registered already. */
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
});
const status = z.object({
  backends: z.array(z.object({ name: z.string(), state: z.string(), lastError: z.unknown() })),
});

type Drive = (door: ClientDoor) => Promise<unknown>;

const env = environment.parse(process.env);
const {
  toolCalls,
  client_id: clientId,
  client_secret: clientSecret,
} = context.parse(JSON.parse(env.MCP_CONFORMANCE_CONTEXT));

/** Of these the suite wants to see that nobody logs in. */
const REFUSED: ReadonlySet<string> = new Set([
  "auth/resource-mismatch",
  "auth/iss-supported-missing",
  "auth/iss-wrong-issuer",
  "auth/iss-unexpected",
  "auth/iss-normalized",
  "auth/metadata-issuer-mismatch",
]);
/** A login, one more for more rights, and one to see that there is an end of it. */
const MAX_LOGINS = 3;

const DRIVES: Readonly<Record<string, Drive>> = {
  initialize: (door) => door.tools(),
  tools_call: (door) => door.call("add_numbers", { a: 5, b: 3 }),
  "elicitation-sep1034-client-defaults": callEveryTool,
  "sse-retry": callEveryTool,
  "request-metadata": (door) => door.tools(),
  "http-standard-headers": async (door) => {
    await callEveryTool(door);
    for (const { uri } of await door.resources()) await door.read(uri);
    for (const { name } of await door.prompts()) await door.prompt(name);
  },
  "http-custom-headers": async (door) => {
    await door.tools();
    for (const call of toolCalls) await door.call(call.name, call.arguments);
  },
  "http-invalid-tool-headers": callWhateverTheGatewayLists,
  "sep-2322-client-request-state": callEveryTool,
  "json-schema-ref-no-deref": (door) => door.tools(),
  "json-schema-2020-12-preservation": async (door) => {
    const focal = (await door.tools()).find(({ name }) => name === "json_schema_2020_12_tool");
    await door.call("json_schema_echo", { schema: focal?.inputSchema });
  },
};

setTimeout(() => {
  console.error("Error: the scenario did not end in time");
  process.exit(1);
}, DRIVE_WAIT_MS).unref();
const scenario = env.MCP_CONFORMANCE_SCENARIO;
const drive = scenario.startsWith("auth/") ? logInAndCall : DRIVES[scenario];
if (drive === undefined) throw new Error(`nothing to do for ${scenario}`);
// A name of its own: nothing of the scenario before may still be known under it.
const backend = `suite-${process.pid}`;
await configure(process.argv.at(-1) ?? "");
let wanted = /needs a login/;
for (let logins = 0; logins < MAX_LOGINS && !(await isReady(wanted)); logins += 1) {
  await logIn();
  // What was said before the login may still stand there.
  wanted = /needs a new login|log in again/;
}
const door = await openDoor(env.MCP_CONFORMANCE_PROTOCOL_VERSION, {
  url: `${env.GATEWAY_URL}/mcp/${backend}`,
  key: env.GATEWAY_KEY,
});
await drive(door);
await door.close();

async function configure(url: string): Promise<void> {
  const oauth = clientId === undefined ? "true" : JSON.stringify({ clientId, clientSecret });
  const entry = scenario.startsWith("auth/") ? { backend, url, oauth } : { backend, url };
  const put = await fetch(`${env.GATEWAY_BACKENDS}?${new URLSearchParams(entry).toString()}`);
  if (!put.ok) throw new Error(`cannot configure ${backend}: ${put.status}`);
}

/** Whether it can be used as it is; else its owner has to log in first. */
function isReady(refusal: RegExp): Promise<boolean> {
  return eventually(
    "the gateway reaches the server",
    async () => {
      const reply = await fetch(`${env.GATEWAY_URL}/status`, { headers: bearer() });
      const { backends } = status.parse(await reply.json());
      const found = backends.find(({ name }) => name === backend);
      if (found?.state === "ready") return true;
      if (refusal.test(String(found?.lastError))) return false;
      throw new Error(JSON.stringify(found ?? "not configured yet"));
    },
    READY_WAIT_MS,
  );
}

async function logIn(): Promise<void> {
  const owner = { url: env.GATEWAY_URL, password: env.OWNER_PASSWORD };
  try {
    await logInAsOwner(owner, backend);
  } catch (error) {
    if (!REFUSED.has(scenario)) throw error;
    console.error(`refused, as it should be: ${String(error)}`);
    process.exit(0);
  }
}

async function logInAndCall(client: ClientDoor): Promise<void> {
  const tools = await eventually("the tools are listed", async () => {
    const listed = await client.tools();
    if (listed.length === 0) throw new Error("no tools yet");
    return listed;
  });
  for (const { name } of tools) {
    for (let logins = 0; logins < MAX_LOGINS; logins += 1) {
      const result = JSON.stringify(await client.call(name));
      if (!/log in again|needs a (new )?login/.test(result)) break;
      await logIn();
    }
  }
}

async function callEveryTool({ tools, call }: ClientDoor): Promise<void> {
  for (const { name } of await tools()) await call(name);
}

/** The SDK's client leaves out bad tools by itself, which is not what is tested: so without it. */
async function callWhateverTheGatewayLists(): Promise<void> {
  const { tools } = z
    .object({ tools: z.array(z.object({ name: z.string() })) })
    .parse(await ask("tools/list", {}));
  for (const { name } of tools)
    await ask("tools/call", { name, arguments: { region: "here" } }, name);
}

async function ask(method: string, params: object, name?: string): Promise<unknown> {
  const version = env.MCP_CONFORMANCE_PROTOCOL_VERSION;
  const reply = await fetch(`${env.GATEWAY_URL}/mcp/${backend}`, {
    method: "POST",
    headers: {
      ...bearer(),
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": version,
      "mcp-method": method,
      ...(name === undefined ? {} : { "mcp-name": name, "mcp-param-region": "here" }),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method,
      params: {
        ...params,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": version,
          "io.modelcontextprotocol/clientInfo": { name: "conformance-driver", version: "1.0.0" },
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
  });
  return z.object({ result: z.unknown() }).parse(await reply.json()).result;
}

function bearer(): Record<string, string> {
  return { authorization: `Bearer ${env.GATEWAY_KEY}` };
}
