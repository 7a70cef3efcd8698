import { spawn } from "node:child_process";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { freePort } from "../support/child.ts";
import {
  beginStream,
  type Came,
  type ScriptedEndpoint,
  sendJson,
  startScriptedEndpoint,
} from "../support/scripted-endpoint.ts";
import { NODE, RUN, startStdioCommand, type StdioCommand } from "../support/stdio-command.ts";

let far: ScriptedEndpoint;
let started: StdioCommand[];
beforeEach(async () => {
  far = await startScriptedEndpoint(answerAll);
  started = [];
});
afterEach(async () => {
  for (const command of started) command.kill("SIGKILL");
  await Promise.all(started.map(({ exited }) => exited));
  await far.close();
});

function stdio(env: Record<string, string> = {}, args: readonly string[] = []): StdioCommand {
  const command = startStdioCommand(
    { GATEWAY_URL: far.url, GATEWAY_API_KEY: "key-of-the-client", ...env },
    args,
  );
  started.push(command);
  return command;
}

const INITIALIZE = {
  jsonrpc: "2.0",
  id: "init",
  method: "initialize",
  params: {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "t", version: "1" },
  },
};
const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" };
const CAPABILITIES = { tools: { listChanged: true }, resources: {} };

/** A gateway with sessions, and one answer for everything. */
function answerAll({ http, message }: Came, response: ServerResponse): void {
  if (http.startsWith("GET")) {
    beginStream(response);
    return;
  }
  if (http.startsWith("DELETE") || message["id"] === undefined) {
    response.writeHead(202).end();
    return;
  }
  const id = message["id"];
  if (message["method"] !== "initialize") {
    sendJson(response, { jsonrpc: "2.0", id, result: { done: message["method"] } });
    return;
  }
  const result = { protocolVersion: "2025-06-18", capabilities: CAPABILITIES, serverInfo: {} };
  const headers = { "mcp-session-id": `session-${sessions()}` };
  sendJson(response, { jsonrpc: "2.0", id, result }, { headers });
}

function sessions(): number {
  return far.came.filter(({ message }) => message["method"] === "initialize").length;
}

function posts(method: string): readonly Came[] {
  return far.came.filter(({ message }) => message["method"] === method);
}

async function openSession(command: StdioCommand): Promise<void> {
  command.send(INITIALIZE);
  await command.answer("init");
  command.send(INITIALIZED);
  await far.until(({ http }) => http.startsWith("GET"));
}

function call(id: string | number, more: JsonObject = {}): JsonObject {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name: "x", ...more } };
}

const MODERN = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

function errorOf({ error }: JsonObject): JsonObject {
  return isJsonObject(error) ? error : {};
}

test("carries messages as they are written, in both directions", async () => {
  const sent =
    '{"jsonrpc":"2.0",  "id":1,"method":"tools/call","params":{"name":"x","arguments":{"n":12345678901234567890,"e":"\\u00e9","z":1.0}},"extra":[ ]}';
  const back = '{"jsonrpc":"2.0", "id":1,"result":{"n":98765432109876543210,"k":{"a":1.50}}}';
  // A line break between tokens would end the line.
  far.play((_, response) => sendJson(response, back.replace(" ", "\r\n")));
  const command = stdio();
  command.send(sent);
  await command.answer(1);
  expect(far.came[0]?.body).toBe(sent);
  expect(command.lines).toEqual([back]);
  expect(far.came[0]?.headers).toMatchObject({
    authorization: "Bearer key-of-the-client",
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  });
});

test("keeps the session of a legacy client, and ends it with its stdin and code 0", async () => {
  const command = stdio({}, ["--backend", "erp", "--default-model", "small"]);
  await openSession(command);
  command.send(call(1));
  await command.answer(1);
  expect(posts("tools/call")[0]?.http).toBe("POST /mcp/erp");
  expect(posts("tools/call")[0]?.headers).toMatchObject({
    "mcp-session-id": "session-1",
    "mcp-protocol-version": "2025-06-18",
    "x-gateway-default-model": "small",
  });
  expect(posts("initialize")[0]?.headers).not.toHaveProperty("mcp-session-id");
  command.endInput();
  expect(await command.exited).toBe(0);
  const ended = far.came.find(({ http }) => http.startsWith("DELETE"));
  expect(ended?.headers["mcp-session-id"]).toBe("session-1");
});

test("ends with SIGTERM and code 0 while a call is under way", async () => {
  far.play((came, response) => {
    if (came.message["method"] !== "tools/call") answerAll(came, response);
  });
  const command = stdio();
  await openSession(command);
  command.send(call(1));
  await far.until(({ message }) => message["id"] === 1);
  command.kill("SIGTERM");
  expect(await command.exited).toBe(0);
  expect(far.came.some(({ http }) => http.startsWith("DELETE"))).toBe(true);
});

test("answers what was asked before its stdin ended", async () => {
  let answer = (): void => {};
  far.play((came, response) => {
    answer = () => answerAll(came, response);
  });
  const command = stdio();
  command.send(call(1));
  command.endInput();
  await far.until(({ message }) => message["id"] === 1);
  answer();
  expect(await command.exited).toBe(0);
  expect(command.lines).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"done":"tools/call"}}']);
});

test("gives up what a client that was killed has asked", async () => {
  far.play(() => {});
  const script = `
    const [program, run] = process.argv.slice(1);
    const child = require("node:child_process").spawn(program, [run, "stdio"]);
    child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"tools/call"}\\n');`;
  const client = spawn(NODE, ["-e", script, NODE, RUN], {
    env: { PATH: process.env["PATH"], GATEWAY_URL: far.url, GATEWAY_API_KEY: "k" },
    stdio: "ignore",
  });
  const came = await far.until(({ message }) => message["id"] === 1);
  client.kill("SIGKILL");
  await came.left;
});

test("asks many things at once and takes the answers in any order", async () => {
  const waiting: (() => void)[] = [];
  far.play((came, response) => {
    waiting.push(() => answerAll(came, response));
    if (waiting.length === 50) for (const answer of waiting.toReversed()) answer();
  });
  const command = stdio();
  for (let id = 0; id < 50; id += 1) command.send(call(id));
  await Promise.all(Array.from({ length: 50 }, (_, id) => command.answer(id)));
  expect(command.lines).toHaveLength(50);
});

test("writes the headers of a modern request from its body, and opens no session", async () => {
  const command = stdio();
  command.send(call("a", { name: "wetter für morgen", _meta: MODERN }));
  await command.answer("a");
  const { headers } = posts("tools/call")[0] ?? { headers: {} };
  expect(headers).toMatchObject({
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": `=?base64?${Buffer.from("wetter für morgen").toString("base64")}?=`,
  });
  command.endInput();
  expect(await command.exited).toBe(0);
  expect(far.came).toHaveLength(1);
});

test("learns which arguments are wanted as headers when a call is refused for want of them", async () => {
  const inputSchema = {
    type: "object",
    properties: { region: { type: "string", "x-mcp-header": "Region" } },
  };
  far.play((came, response) => {
    const { id, method } = came.message;
    if (method === "tools/list") {
      sendJson(response, { jsonrpc: "2.0", id, result: { tools: [{ name: "x", inputSchema }] } });
      return;
    }
    if (came.headers["mcp-param-region"] === "eu") return answerAll(came, response);
    const error = { code: -32020, message: "Header mismatch" };
    sendJson(response, { jsonrpc: "2.0", id, error }, { status: 400 });
  });
  const command = stdio();
  const args = { arguments: { region: "eu" }, _meta: MODERN };
  command.send(call(1, args));
  expect(await command.answer(1)).toMatchObject({ result: { done: "tools/call" } });
  command.send(call(2, args));
  await command.answer(2);
  expect(posts("tools/list")).toHaveLength(1);
  expect(posts("tools/call")).toHaveLength(3);
  // Nothing that a list could help with is passed on.
  command.send(call(3, { arguments: {}, _meta: MODERN }));
  expect(errorOf(await command.answer(3))["code"]).toBe(-32020);
});

test("opens a new session when the gateway has lost the old one, and sets what was set", async () => {
  const command = stdio();
  await openSession(command);
  command.send({ jsonrpc: "2.0", id: 1, method: "logging/setLevel", params: { level: "debug" } });
  command.send({ jsonrpc: "2.0", id: 2, method: "resources/subscribe", params: { uri: "a://b" } });
  await Promise.all([command.answer(1), command.answer(2)]);
  far.play((came, response) => {
    if (came.headers["mcp-session-id"] !== "session-1") return answerAll(came, response);
    const error = { code: -32001, message: "Session not found" };
    sendJson(response, { jsonrpc: "2.0", id: null, error }, { status: 404 });
  });
  command.send(call(3));
  command.send(call(4));
  for (const id of [3, 4]) {
    expect(await command.answer(id)).toMatchObject({ result: { done: "tools/call" } });
  }
  expect(posts("initialize").map(({ body }) => body)).toEqual(
    Array(2).fill(JSON.stringify(INITIALIZE)),
  );
  for (const method of ["logging/setLevel", "resources/subscribe"]) {
    expect(posts(method).at(-1)?.headers["mcp-session-id"]).toBe("session-2");
  }
  await command.until(({ method }) => method === "notifications/tools/list_changed");
  expect(command.lines.filter((line) => line.includes('"init"'))).toHaveLength(1);
});

test("opens a new session once: a gateway that loses that too is told on", async () => {
  const command = stdio();
  await openSession(command);
  far.play((came, response) => {
    if (came.message["method"] === "initialize") return answerAll(came, response);
    const error = { code: -32001, message: "Session not found" };
    sendJson(response, { jsonrpc: "2.0", id: null, error }, { status: 404 });
  });
  command.send(call(1));
  expect(errorOf(await command.answer(1))["message"]).toBe("Session not found");
  expect(posts("tools/call")).toHaveLength(2);
});

test("never sends a call again whose connection broke, and goes on with the next", async () => {
  const command = stdio();
  far.play((_, response) => {
    response.destroy();
  });
  command.send(call(1));
  const error = errorOf(await command.answer(1));
  expect(error["code"]).toBe(-32006);
  expect(error["message"]).toContain("the request may have run");
  expect(far.came).toHaveLength(1);
  far.play(answerAll);
  command.send(call(2));
  expect(await command.answer(2)).toMatchObject({ result: {} });
});

test("sends again what was never delivered", async () => {
  const port = await freePort();
  const command = stdio({ GATEWAY_URL: `http://127.0.0.1:${port}`, LOG_LEVEL: "debug" });
  command.send(call(1));
  await command.log(/not reached: nothing listens there/);
  const late = await startScriptedEndpoint(answerAll, port);
  expect(await command.answer(1)).toMatchObject({ result: { done: "tools/call" } });
  await late.close();
});

test("says that a gateway is not reached, after as many tries as it may make", async () => {
  const port = await freePort();
  const command = stdio({ GATEWAY_URL: `http://127.0.0.1:${port}`, MAX_RETRIES: "0" });
  command.send(call(1));
  expect(errorOf(await command.answer(1))).toEqual({
    code: -32006,
    message: "Cannot reach the gateway: nothing listens there",
  });
});

test("knows that nothing was delivered where the connection cannot be made safe", async () => {
  const command = stdio({ GATEWAY_URL: far.url.replace("http:", "https:"), MAX_RETRIES: "0" });
  command.send(call(1));
  expect(errorOf(await command.answer(1))["message"]).toMatch(
    /^Cannot reach the gateway: it does not speak TLS there/,
  );
  expect(far.came).toEqual([]);
});

test("counts TIMEOUT from when the gateway has the call, not while it is not reached", async () => {
  const port = await freePort();
  const env = { GATEWAY_URL: `http://127.0.0.1:${port}`, TIMEOUT: "0.1", MAX_RETRIES: "1" };
  const command = stdio(env);
  command.send(call(1));
  expect(errorOf(await command.answer(1))["message"]).toMatch(/^Cannot reach the gateway/);
});

test("ends the session of a client that begins another", async () => {
  const command = stdio();
  await openSession(command);
  command.send({ ...INITIALIZE, id: "again" });
  command.send(call(1));
  await command.answer(1);
  const ended = await far.until(({ http }) => http.startsWith("DELETE"));
  expect(ended.headers["mcp-session-id"]).toBe("session-1");
  expect(posts("tools/call")[0]?.headers["mcp-session-id"]).toBe("session-2");
});

test("takes a stream that broke up again at its last event", async () => {
  const command = stdio();
  await openSession(command);
  far.play(({ http, message, headers }, response) => {
    const send = beginStream(response);
    if (http.startsWith("POST")) {
      send({ jsonrpc: "2.0", method: "notifications/progress", params: { progress: 1 } }, "s.1");
      response.end();
    } else if (headers["last-event-id"] === "s.1") {
      send({ jsonrpc: "2.0", id: 1, result: { resumed: true } }, "s.2");
      response.end();
    } else throw new Error(`unexpected ${http} ${JSON.stringify(message)}`);
  });
  command.send(call(1));
  expect(await command.answer(1)).toMatchObject({ result: { resumed: true } });
  expect(posts("tools/call")).toHaveLength(1);
});

test("tells the gateway that a legacy call is cancelled, and answers it no more", async () => {
  const command = stdio();
  await openSession(command);
  let broken: ServerResponse | undefined;
  far.play((came, response) => {
    if (came.message["id"] === undefined) response.writeHead(202).end();
    else broken = response;
  });
  command.send(call(1));
  await far.until(({ message }) => message["id"] === 1);
  const cancelled = { method: "notifications/cancelled", params: { requestId: 1 } };
  command.send({ jsonrpc: "2.0", ...cancelled });
  const told = await far.until(({ message }) => message["method"] === cancelled.method);
  expect(told.headers["mcp-session-id"]).toBe("session-1");
  broken?.destroy();
  far.play(answerAll);
  command.send(call(2));
  await command.answer(2);
  expect(command.lines.filter((line) => line.includes('"id":1'))).toEqual([]);
});

test("closes the stream of a modern call that is cancelled, and says nothing more", async () => {
  const command = stdio();
  far.play((_, response) => void beginStream(response));
  command.send(call("s", { _meta: MODERN }));
  const came = await far.until(({ message }) => message["id"] === "s");
  command.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "s" } });
  await came.left;
  expect(far.came).toHaveLength(1);
});

test("carries questions of the gateway, and the answers", async () => {
  const command = stdio({ TIMEOUT: "0.5" });
  await openSession(command);
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  far.play(async ({ message }, response) => {
    if (message["id"] === "late") return;
    if (message["method"] === undefined) {
      response.writeHead(202).end();
      answer();
      return;
    }
    const send = beginStream(response);
    send({ jsonrpc: "2.0", id: "q", method: "elicitation/create", params: {} });
    await answered;
    send({ jsonrpc: "2.0", id: message["id"], result: { asked: true } });
    response.end();
  });
  command.send(call(1));
  await command.until(({ method }) => method === "elicitation/create");
  // A person takes longer than TIMEOUT, which counts for the gateway only.
  command.send(call("late"));
  expect(errorOf(await command.answer("late"))["code"]).toBe(-32007);
  const reply = { jsonrpc: "2.0", id: "q", result: { action: "decline" } };
  command.send(reply);
  expect(await command.answer(1)).toMatchObject({ result: { asked: true } });
  expect(far.came.at(-1)?.body).toBe(JSON.stringify(reply));
});

test("gives up a call after TIMEOUT, and says that it may still run", async () => {
  const command = stdio({ TIMEOUT: "0.2" });
  far.play(() => {});
  command.send(call(1));
  expect(errorOf(await command.answer(1))).toEqual({
    code: -32007,
    message: "Cannot wait for the gateway any longer: no message within 0.2 s, it may still run",
  });
});

test("passes the stream of the session on, and opens it again where it broke", async () => {
  const command = stdio();
  const changed = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
  far.play((came, response) => {
    if (!came.http.startsWith("GET")) return answerAll(came, response);
    const send = beginStream(response);
    response.write("retry: 10\n\n");
    send({ ...changed, params: { after: came.headers["last-event-id"] ?? "none" } }, "g.7");
    if (came.headers["last-event-id"] === undefined) response.end();
  });
  await openSession(command);
  await command.until(({ params }) => isJsonObject(params) && params["after"] === "none");
  await command.until(({ params }) => isJsonObject(params) && params["after"] === "g.7");
});

test("answers garbage, and reads on", async () => {
  const command = stdio();
  command.send("{ no json");
  await command.until(({ error }) => isJsonObject(error) && error["code"] === -32700);
  command.send("");
  const long = "x".repeat(6 * 1024 * 1024);
  command.send(`{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"a":"${long}"}}`);
  expect(errorOf(await command.answer(5))["message"]).toContain("longer than it takes");
  command.send(`{"method":"tools/call","params":{"a":"${long}"},"jsonrpc":"2.0","id":6}`);
  await command.answer(6);
  command.send(call(7));
  await command.answer(7);
  expect(far.came).toHaveLength(1);
  expect(command.stderr()).not.toContain("no json");
});

test("answers a batch with what the gateway answers", async () => {
  far.play(({ body }, response) => {
    const ids = [...body.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id));
    sendJson(
      response,
      ids.map((id) => ({ jsonrpc: "2.0", id, result: {} })),
    );
  });
  const command = stdio();
  command.send(JSON.stringify([call(1), call(2)]));
  await command.answer(2);
  expect(command.lines).toEqual([
    '[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]',
  ]);
});

test.each([
  [401, {}, -32001, /refuses the key, see GATEWAY_API_KEY/],
  [403, {}, -32001, /this key or login may not use it/],
  [502, { "content-type": "text/html" }, -32006, /answered with status 502/],
  [301, { location: "https://elsewhere.example.com/mcp" }, -32006, /at https:\/\/elsewhere/],
])(
  "answers a call with one sentence when the gateway answers %i",
  async (status, headers, code, message) => {
    far.play((_, response) => {
      response.writeHead(status, headers).end("<h1>Bad</h1>");
    });
    const command = stdio();
    command.send(call(1));
    const error = errorOf(await command.answer(1));
    expect(error["code"]).toBe(code);
    expect(error["message"]).toMatch(message);
    expect(far.came).toHaveLength(1);
  },
);

test("gives an error whose id the gateway could not read to the request it is about", async () => {
  far.play((_, response) => {
    const error = { code: -32600, message: "Too large" };
    sendJson(response, { jsonrpc: "2.0", id: null, error }, { status: 413 });
  });
  const command = stdio();
  command.send(call(1));
  expect(errorOf(await command.answer(1))["message"]).toBe("Too large");
});

test("tells its log what happens, and neither arguments nor keys", async () => {
  const command = stdio({ LOG_LEVEL: "debug" });
  command.send(call(1, { arguments: { password: "hush" } }));
  await command.answer(1);
  await command.log(/tools\/call: \d+ ms/);
  expect(command.stderr()).not.toMatch(/hush|key-of-the-client/);
});

test("explains itself, and nothing else, with --help", async () => {
  const command = stdio({ GATEWAY_URL: "" }, ["--help"]);
  expect(await command.exited).toBe(0);
  expect(command.lines.join("\n")).toMatch(/GATEWAY_URL[^]*DEFAULT_MODEL[^]*Exit codes/);
  expect(far.came).toEqual([]);
});

test.each([
  [{ GATEWAY_URL: "" }, [], "Cannot start: no gateway, set GATEWAY_URL or give --gateway"],
  [{ GATEWAY_URL: "nowhere" }, [], 'GATEWAY_URL: "nowhere", wanted an address such as'],
  [{ GATEWAY_URL: "http://mcp.example.com" }, [], "wanted https"],
  [{ TIMEOUT: "soon" }, [], 'TIMEOUT: "soon", wanted seconds, at most 86400'],
  [{ TIMEOUT: "0" }, [], 'TIMEOUT: "0", wanted seconds'],
  [{ MAX_RETRIES: "-1" }, [], 'MAX_RETRIES: "-1", wanted a number from 0 to 10'],
  [{ LOG_LEVEL: "loud" }, [], 'LOG_LEVEL: "loud", wanted debug, info, warn or error'],
  [
    { GATEWAY_API_KEY: "Bearer abc" },
    [],
    'GATEWAY_API_KEY: wanted the key alone, without "Bearer"',
  ],
  [{}, ["--timeout", "x"], '--timeout: "x", wanted seconds'],
  [{}, ["--backend", "No Such"], '--backend: "No Such", wanted the name of a backend'],
  [{}, ["--login"], "Cannot sign in: a key is given"],
  [{}, ["--", "server"], 'Cannot start a server after "--"'],
])("refuses %j %j in one line and with code 1", async (env, args, line) => {
  const command = stdio(env, args);
  expect(await command.exited).toBe(1);
  expect(command.stderr()).toContain(line);
  expect(command.stderr().trim().split("\n")).toHaveLength(1);
  expect(command.lines).toEqual([]);
});
