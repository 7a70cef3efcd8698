import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { startEchoSession } from "./echo-process.ts";
import { measureFlows } from "./measure-throughput.ts";
import { CLIENT_HEADERS, configure, openGateway, untilReady } from "./open-gateway.ts";
import { LOAD_HEAD, loadRow, type Section } from "./section.ts";
import { type Headers, openSession, post, resultText } from "./session-client.ts";
import { compareSideBySide, type FlowContender } from "./side-by-side.ts";

const CLIENTS = 16;
const CAPABILITIES = { elicitation: {} };
const ANSWER = { action: "accept", content: { name: "Ada" } };
const WANTED = "Hello Ada";

type Flow = () => Promise<void>;

/** A call whose backend asks the client for something before it answers. */
export const questions: Section = {
  name: "questions",
  title: "a call with a question of a legacy backend: round trips of the whole call",
  async run({ bundle, effort, cleanup }) {
    const backend = `${await startEchoSession(cleanup)}/mcp`;
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    await configure(gateway, { session: { type: "http", url: backend } });
    await untilReady(gateway, 1);
    const url = `${gateway.url}/mcp/session`;

    const each = Array.from({ length: CLIENTS }, (_, client) => client);
    const [direct, legacy] = await Promise.all([
      Promise.all(each.map(() => openLegacy(backend))),
      Promise.all(each.map(() => openLegacy(url))),
    ]);
    const modern = each.map(() => modernFlow(url));
    // Once each, so that every client has its connection to the backend.
    for (const flow of [...direct, ...legacy]) await flow();
    await Promise.all(modern.map((flow) => flow()));

    const contender = (name: string, flows: readonly Flow[], pid: number): FlowContender => ({
      name,
      pid,
      measure: (connections, durationMs) => measureFlows(flows.slice(0, connections), durationMs),
    });
    const table: (readonly string[])[] = [LOAD_HEAD];
    for (const connections of [1, CLIENTS]) {
      const all = [
        contender("legacy client, no gateway", direct, 0),
        contender("legacy client", legacy, gateway.pid),
      ];
      table.push(...(await compareSideBySide(all, connections, effort)).map(loadRow));
    }
    for (const connections of [1, CLIENTS]) {
      const both = [
        contender("legacy client", legacy, gateway.pid),
        contender("modern client", modern, gateway.pid),
      ];
      table.push(...(await compareSideBySide(both, connections, effort)).map(loadRow));
    }
    return { table, promises: [] };
  },
};

/** The question comes on the stream of the call; its answer is a POST of its own. */
async function openLegacy(url: string): Promise<Flow> {
  const headers = await openSession(url, { capabilities: CAPABILITIES });
  let id = 0;
  return async () => {
    id += 1;
    let last: JsonObject | undefined;
    let answered: Promise<unknown> | undefined;
    const message = { id, method: "tools/call", params: { name: "ask", arguments: {} } };
    await post(url, {
      headers,
      message,
      hear: (heard) => {
        last = heard;
        if (heard["method"] !== "elicitation/create") return;
        answered = post(url, { headers, message: { id: heard["id"], result: ANSWER } });
      },
    });
    await answered;
    requireAnswer(last);
  };
}

/** The question comes as the result; its answer goes with the same call made again. */
function modernFlow(url: string): Flow {
  const headers: Headers = {
    ...CLIENT_HEADERS,
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "ask",
  };
  let id = 0;
  const call = async (more: object): Promise<JsonObject | undefined> => {
    id += 1;
    let last: JsonObject | undefined;
    const params = { name: "ask", arguments: {}, _meta: ENVELOPE, ...more };
    await post(url, {
      headers,
      message: { id, method: "tools/call", params },
      hear: (heard) => {
        last = heard;
      },
    });
    return last;
  };
  return async () => {
    const asked = (await call({}))?.["result"];
    const wanted = isJsonObject(asked) ? asked["inputRequests"] : undefined;
    if (!isJsonObject(asked) || !isJsonObject(wanted)) {
      throw new Error(`no question: ${JSON.stringify(asked)}`);
    }
    const inputResponses = Object.fromEntries(Object.keys(wanted).map((key) => [key, ANSWER]));
    requireAnswer(await call({ inputResponses, requestState: asked["requestState"] }));
  };
}

const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": CAPABILITIES,
};

function requireAnswer(message: JsonObject | undefined): void {
  const text = resultText(message);
  if (text !== WANTED) throw new Error(`answered ${JSON.stringify(text)}, wanted ${WANTED}`);
}
