import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import {
  contentDifferences,
  type Conversation,
  converse,
  type Deliberate,
  differences,
  expectOnly,
  type IsGreeting,
} from "../support/compare-heard.ts";
import { type Speaker, speakLegacy, speakModern, speakSse } from "../support/conversation.ts";
import { EVERYTHING_LEGACY_LINES, EVERYTHING_LINES } from "../support/conversation-lines.ts";
import { type Ask, askDoor } from "../support/raw-session.ts";
import { type RealServer, startEverything } from "../support/real-servers.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

/** The same with a server that nobody wrote for this: the one of the protocol's authors. */

const cleanup = new AsyncDisposableStack();
let http: RealServer;
let sse: RealServer;
let gateway: StartedGateway;

const LINES = [...EVERYTHING_LINES, ...EVERYTHING_LEGACY_LINES];
const plain: Ask = (url, init) => fetch(url, init);
const through: Ask = (path, init) => askDoor(gateway)(path, init);

/** It adds tools, asks for roots and logs them once it has met a client, a third of a second later. */
const isGreeting: IsGreeting = ({ method, params }) =>
  method === "roots/list" ||
  method === "notifications/tools/list_changed" ||
  (method === "notifications/message" && JSON.stringify(params).includes("Roots updated"));

beforeAll(async () => {
  [http, sse] = await Promise.all([startEverything("streamableHttp"), startEverything("sse")]);
  cleanup.defer(async () => void (await Promise.all([http.stop(), sse.stop()])));
  const folder = await mkdtemp(join(tmpdir(), "gateway-everything-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const mcpServers = { http: { url: http.url }, sse: { type: "sse", url: sse.url } };
  await writeFile(join(folder, "mcp.json"), JSON.stringify({ mcpServers }));
  gateway = await startGateway(["--config", join(folder, "mcp.json")]);
  cleanup.defer(async () => void (await gateway.stop()));
});
afterAll(() => cleanup.disposeAsync());

const DELIBERATE: readonly Deliberate[] = [
  {
    where: /^opening:.*\.capabilities\.tasks: .* => nothing$/,
    why: "the tasks of 2025-11-25 were an experiment, and are not those of 2026-07-28",
  },
  {
    where: /^(call|prompt) nobody:/,
    why: "what is not there and what is not allowed are said in one sentence, as an error",
  },
  {
    where: /^an unknown method:.*\.error\.message: /,
    why: "the method is named",
  },
];

function have(open: () => Promise<Speaker>, lines: typeof LINES = LINES): Promise<Conversation> {
  return converse(open, lines, isGreeting);
}

test("a legacy client hears what it hears directly", async () => {
  const direct = await have(() => speakLegacy(plain, http.url));
  const heard = await have(() => speakLegacy(through, "/mcp/http"));
  expectOnly(differences(direct, heard), DELIBERATE);
});

test("a legacy client hears what it hears over HTTP+SSE", async () => {
  const direct = await have(() => speakSse(sse.url));
  const heard = await have(() => speakLegacy(through, "/mcp/sse"));
  expectOnly(differences(direct, heard), [
    ...DELIBERATE,
    {
      where: /^greeting:.*tools\/list_changed/,
      why: "the server has been met, and its tools listed, before the client comes",
    },
  ]);
});

test("a modern client gets the same out of it", async () => {
  const direct = await have(() => speakLegacy(plain, http.url), [...EVERYTHING_LINES]);
  const heard = await have(() => speakModern(through, "/mcp/http"), [...EVERYTHING_LINES]);
  expectOnly(contentDifferences(direct, heard), [
    ...DELIBERATE,
    {
      where: /^opening:.*\.result\.(protocolVersion|serverInfo|supportedVersions|_meta): /,
      why: "each era introduces a server in members of its own",
    },
    {
      where: /\.result\._meta: nothing => \{"io\.modelcontextprotocol\/serverInfo"/,
      why: "since 2026-07-28 every list of ours names the server",
    },
  ]);
});
