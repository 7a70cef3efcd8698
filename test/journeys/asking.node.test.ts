import type { Client as ModernClient } from "@modelcontextprotocol/client";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  connectLegacy,
  connectModern,
  type FixtureGateway,
  startFixtureGateway,
} from "../support/fixture-gateway.ts";

/** Backends ask clients, in all four pairings of eras, through the real gateway. */

let house: FixtureGateway;

beforeAll(async () => {
  house = await startFixtureGateway();
});
afterAll(() => house?.stop());

const ROOT = { uri: "file:///home/somebody", name: "Home" };
const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

/** Answers a form with who it is, a sampling with what was asked, roots with one. */
const answers = (name: string) => ({
  elicit: (params: { mode?: string | undefined; requestedSchema?: unknown }) => {
    if (params.mode === "url") return { action: "accept" as const };
    const { properties } = params.requestedSchema as { properties: Record<string, unknown> };
    const content = Object.fromEntries(Object.keys(properties).map((key) => [key, name]));
    return { action: "accept" as const, content };
  },
  sample: (text: string) => ({
    role: "assistant" as const,
    model: "test",
    content: { type: "text" as const, text: `${name} thinks ${text}` },
  }),
});

function legacy(path: string, name = "legacy"): Promise<Client> {
  return connectLegacy(house.gateway, path, CAPABILITIES, (client) => {
    const { elicit, sample } = answers(name);
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => elicit(params));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [ROOT] }));
    client.setRequestHandler(CreateMessageRequestSchema, ({ params }) =>
      sample(JSON.stringify(params.messages)),
    );
  });
}

function modern(path: string, name = "modern"): Promise<ModernClient> {
  return connectModern(house.gateway, path, CAPABILITIES, (client) => {
    const { elicit, sample } = answers(name);
    client.setRequestHandler("elicitation/create", ({ params }) => elicit(params));
    client.setRequestHandler("roots/list", () => ({ roots: [ROOT] }));
    client.setRequestHandler("sampling/createMessage", ({ params }) =>
      sample(JSON.stringify(params.messages)),
    );
  });
}

type Asked = Pick<Client, "callTool" | "close"> | Pick<ModernClient, "callTool" | "close">;

async function call(client: Asked, name: string, args: object = {}): Promise<string> {
  const result = await client.callTool({ name, arguments: { ...args } });
  return (result as { content: { text: string }[] }).content.map(({ text }) => text).join("");
}

describe.each([
  ["a legacy client", legacy],
  ["a modern client", modern],
] as const)("%s", (_, connect) => {
  describe.each(["session", "sse", "modern"])("of the %s backend", (backend) => {
    test("is asked by a form, for a sample and for its roots", async () => {
      const client = await connect(`/mcp/${backend}`, "Ada");
      expect(await call(client, "test_whoami_elicitation", { secret: "s1" })).toBe("s1:Ada");
      expect(await call(client, "test_sampling", { prompt: "seven" })).toMatch(
        /Ada thinks .*seven/,
      );
      expect(JSON.parse(await call(client, "test_list_roots"))).toEqual([ROOT]);
      await client.close();
    });

    test("is asked two things at the same time", async () => {
      const client = await connect(`/mcp/${backend}`, "Bea");
      expect(JSON.parse(await call(client, "test_two_questions"))).toEqual({
        first: { first: "Bea" },
        second: { second: "Bea" },
      });
      await client.close();
    });

    test("is sent to a page", async () => {
      const client = await connect(`/mcp/${backend}`);
      expect(await call(client, "test_elicitation_url")).toBe("Visit: accept");
      await client.close();
    });

    test("is asked under exposed names at /mcp too", async () => {
      const client = await connect("/mcp", "Cleo");
      const name = `${backend}_test_whoami_elicitation`;
      expect(await call(client, name, { secret: "s2" })).toBe("s2:Cleo");
      await client.close();
    });

    test("is asked in the middle of a tool it searched for, too", async () => {
      const client = await connect("/mcp?mode=search", "Dora");
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(["call_tool", "get_tool", "search_tools"]);
      const query = { query: "whoami elicitation", server: backend, limit: 1 };
      const { results } = JSON.parse(await call(client, "search_tools", query));
      const [{ server, tool }] = results;
      const found = { server, tool, arguments: { secret: "s3" } };
      expect(await call(client, "call_tool", found)).toBe("s3:Dora");
      // The gateway itself puts the parameter into the header its backend wants.
      const marked = { name: `${backend}_test_header_param`, arguments: { region: "eu" } };
      expect(await call(client, "call_tool", marked)).toBe('{"region":"eu"}');
      await client.close();
    });
  });
});

test.each(["session", "sse", "modern"])(
  "gives each of two clients of different eras its own question of the %s backend",
  async (backend) => {
    const clients = await Promise.all([
      legacy(`/mcp/${backend}`, "Lea"),
      modern(`/mcp/${backend}`, "Max"),
      legacy(`/mcp/${backend}`, "Liv"),
      modern(`/mcp/${backend}`, "Mia"),
    ]);
    const names = ["Lea", "Max", "Liv", "Mia"];
    const rounds = Array.from({ length: 5 }, (_, round) => round);
    const results = await Promise.all(
      clients.flatMap((client, index) =>
        rounds.map(async (round) => ({
          got: await call(client, "test_whoami_elicitation", { secret: `${index}-${round}` }),
          wanted: `${index}-${round}:${names[index]}`,
        })),
      ),
    );
    for (const { got, wanted } of results) expect(got).toBe(wanted);
    await Promise.all(clients.map((client) => client.close()));
  },
);

test.each([
  ["legacy", legacy.name],
  ["modern", modern.name],
])("tells a %s client without the capability instead of waiting for it", async (era) => {
  for (const backend of ["session", "sse", "modern"]) {
    const client =
      era === "legacy"
        ? await connectLegacy(house.gateway, `/mcp/${backend}`)
        : await connectModern(house.gateway, `/mcp/${backend}`);
    const outcome = await call(client, "test_whoami_elicitation", { secret: "s" }).catch(String);
    expect(outcome).toMatch(/elicitation|asked|support|capabilit/i);
    await client.close();
  }
});

test("waits for a person longer than an idle object is kept in memory", async () => {
  // The local runtime gives up objects that nothing holds after ten seconds.
  const thoughtful = await connectModern(
    house.gateway,
    "/mcp/session",
    { elicitation: { form: {} } },
    (client) =>
      client.setRequestHandler("elicitation/create", async () => {
        await new Promise((resolve) => setTimeout(resolve, 13_000));
        return { action: "accept", content: { answer: "at last" } };
      }),
  );
  const got = await call(thoughtful, "test_whoami_elicitation", { secret: "slow" });
  expect(got).toBe("slow:at last");
  await thoughtful.close();
});
