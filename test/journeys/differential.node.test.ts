import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/child.ts";
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
import { FIXTURE_LINES, LEGACY_LINES, MODERN_LINES, TRACE } from "../support/conversation-lines.ts";
import {
  connectLegacy,
  connectModern,
  type FixtureGateway,
  startFixtureGateway,
} from "../support/fixture-gateway.ts";
import { type Ask, askDoor } from "../support/raw-session.ts";

/**
 * One conversation is had with a server directly and through the gateway, and everything that comes
 * back is compared. What may differ stands here, each with its reason.
 */

let house: FixtureGateway;
let direct: Readonly<Record<"session" | "sse" | "modern", Conversation>>;

const LEGACY = [...FIXTURE_LINES, ...LEGACY_LINES];
const MODERN = [...FIXTURE_LINES, ...MODERN_LINES];
const plain: Ask = (url, init) => fetch(url, init);
const through = (path: string, init: Parameters<Ask>[1]): Promise<Response> =>
  askDoor(house.gateway)(path, init);
/** A server asks for roots when it has met a client: the gateway introduces it at its first call. */
const isGreeting: IsGreeting = ({ method }, where) => where === "apart" && method === "roots/list";

beforeAll(async () => {
  house = await startFixtureGateway();
  const { session, sse, modern } = house.fixtures;
  direct = {
    session: await converse(() => speakLegacy(plain, session.url), LEGACY, isGreeting),
    sse: await converse(() => speakSse(sse.url), LEGACY, isGreeting),
    modern: await converse(() => speakModern(plain, modern.url), MODERN, isGreeting),
  };
}, 120_000);
afterAll(() => house?.stop());

const OWN_WORDS: readonly Deliberate[] = [
  {
    where: /^(call|prompt) nobody:.*\.error\.message: /,
    why: "what is not there and what is not allowed are said in one sentence",
  },
  {
    where:
      /^(call without a name|call by a number|prompt without a name|read nothing|complete nothing|level loud):.*\.error\.(code: -32603 => -32602|message: )/,
    why: "params that are wrong are -32602, and the dump of a schema library is not passed on",
  },
  {
    where: /^(an unknown method|ping|logging\/setLevel):.*\.error\.message: /,
    why: "the method is named",
  },
];
const LEGACY_DIFFERENCES: readonly Deliberate[] = [
  ...OWN_WORDS,
  {
    where: /^server\/discover:/,
    why: "a client of any era may ask what the gateway speaks",
  },
];
const MODERN_DIFFERENCES: readonly Deliberate[] = [
  ...OWN_WORDS,
  {
    where: /^opening:.*\.supportedVersions\[\d\]: nothing => "202/,
    why: "a backend of one era is served in every era",
  },
  {
    where: /\.result\.ttlMs: 0 => 5000$/,
    why: "the gateway answers lists and server/discover itself, and knows for how long",
  },
];
const ACROSS: readonly Deliberate[] = [
  ...OWN_WORDS,
  {
    where: /^opening:.*\.result\.(protocolVersion|serverInfo|supportedVersions|_meta): /,
    why: "each era introduces a server in members of its own",
  },
];
const TO_LEGACY: readonly Deliberate[] = [
  ...ACROSS,
  {
    where: /^(?!opening).*\.result\._meta: .*serverInfo.* => nothing$/,
    why: "before 2026-07-28 only initialize names the server",
  },
];
const TO_MODERN: readonly Deliberate[] = [
  ...ACROSS,
  {
    where: /\.result\._meta: nothing => \{"io\.modelcontextprotocol\/serverInfo"/,
    why: "since 2026-07-28 every result of ours names the server",
  },
];

function have(open: () => Promise<Speaker>, lines: typeof LEGACY): Promise<Conversation> {
  return converse(open, lines, isGreeting);
}

describe("message by message, through the gateway as directly", () => {
  test("a legacy client and a legacy server", async () => {
    const heard = await have(() => speakLegacy(through, "/mcp/session"), LEGACY);
    expectOnly(differences(direct.session, heard), LEGACY_DIFFERENCES);
  });

  test("a legacy client and a server of HTTP+SSE", async () => {
    const heard = await have(() => speakLegacy(through, "/mcp/sse"), LEGACY);
    expectOnly(differences(direct.sse, heard), LEGACY_DIFFERENCES);
  });

  test("a modern client and a modern server", async () => {
    const heard = await have(() => speakModern(through, "/mcp/modern"), MODERN);
    expectOnly(differences(direct.modern, heard), MODERN_DIFFERENCES);
  });
});

describe("in content, where the gateway stands between two eras", () => {
  test("a legacy client and a modern server", async () => {
    const heard = await have(() => speakLegacy(through, "/mcp/modern"), [...FIXTURE_LINES]);
    expectOnly(contentDifferences(direct.modern, heard), TO_LEGACY);
  });

  test.each(["session", "sse"] as const)(
    "a modern client and the legacy server of the wire %s",
    async (wire) => {
      const heard = await have(() => speakModern(through, `/mcp/${wire}`), [...FIXTURE_LINES]);
      expectOnly(contentDifferences(direct[wire], heard), TO_MODERN);
    },
  );
});

/** Calls `wait` until `signal`; the two SDKs take their options at different places. */
type Waiting = (backend: string, signal: AbortSignal) => Promise<unknown>;

const waitLegacy: Waiting = async (backend, signal) => {
  const client = await connectLegacy(house.gateway, `/mcp/${backend}`);
  try {
    return await client.callTool({ name: "wait" }, undefined, { signal });
  } finally {
    await client.close();
  }
};
const waitModern: Waiting = async (backend, signal) => {
  const client = await connectModern(house.gateway, `/mcp/${backend}`);
  try {
    return await client.callTool({ name: "wait" }, { signal });
  } finally {
    await client.close();
  }
};

const PAIRS = [
  { era: "legacy", connect: connectLegacy, wait: waitLegacy },
  { era: "modern", connect: connectModern, wait: waitModern },
].flatMap((client) =>
  (["session", "sse", "modern"] as const).map((backend) => ({ ...client, backend })),
);

type Logged = Readonly<{ method: string; params?: Record<string, unknown> }>;

async function logOf(backend: keyof FixtureGateway["fixtures"]): Promise<Logged[]> {
  const { origin } = new URL(house.fixtures[backend].url);
  return (await (await fetch(`${origin}/log`)).json()) as Logged[];
}

test.each(PAIRS)(
  "the trace of a $era client and what it has filled in reach the $backend backend",
  async ({ connect, backend }) => {
    const client = await connect(house.gateway, `/mcp/${backend}`);
    await client.callTool({ name: "echo", arguments: { from: "trace" }, _meta: TRACE });
    const context = { arguments: { arg1: `for ${backend}` } };
    const ref = { type: "ref/prompt", name: "test_prompt_with_arguments" } as const;
    await client.complete({ ref, argument: { name: "arg2", value: "p" }, context });
    const log = await logOf(backend);
    const last = (method: string): unknown => log.findLast((one) => one.method === method)?.params;
    expect(last("tools/call")).toMatchObject({ arguments: { from: "trace" }, _meta: TRACE });
    expect(last("completion/complete")).toMatchObject({ ref, context });
    await client.close();
  },
);

test.each(PAIRS)(
  "a call that a $era client gives up ends at the $backend backend too",
  async ({ wait, backend }) => {
    const count = async (wanted: string): Promise<number> =>
      (await logOf(backend)).filter(
        ({ method, params }) => method === wanted && params?.["name"] === "wait",
      ).length;
    const [calls, aborted] = [await count("tools/call"), await count("aborted")];
    const abort = new AbortController();
    const outcome = wait(backend, abort.signal).then(String, (error: unknown) => String(error));
    await eventually("the call arrives", async () =>
      expect(await count("tools/call")).toBe(calls + 1),
    );
    abort.abort("enough of it");
    await eventually("the call ends", async () => expect(await count("aborted")).toBe(aborted + 1));
    expect(await outcome).toContain("enough of it");
  },
);

test.each(["session", "sse", "modern"])(
  "an argument that travels in a header ends no header on the way to the %s backend",
  async (backend) => {
    const client = await connectLegacy(house.gateway, `/mcp/${backend}`);
    for (const region of [
      "a\r\nMcp-Method: tools/list",
      "\n\nGET / HTTP/1.1",
      " é漢🙂 ",
      "=?base64?YQ==?=",
    ]) {
      const { content } = await client.callTool({
        name: "test_header_param",
        arguments: { region },
      });
      expect(content).toMatchObject([{ text: JSON.stringify({ region }) }]);
    }
    await client.close();
  },
);
