import { startEcho } from "./echo-process.ts";
import {
  CLIENT_HEADERS,
  type ClientHeaders,
  mintKey,
  openGateway,
  type OpenedGateway,
  sendAsOwner,
  untilReady,
} from "./open-gateway.ts";
import { answerOf, callTool } from "./rpc-load.ts";
import { LOAD_HEAD, loadRow, type Section } from "./section.ts";
import { compareSideBySide, type Contender } from "./side-by-side.ts";

const USERS = 100;
const BACKENDS = 50;
const TOOLS = 20;
const GROUPS = 20;
/** 100 × 10 of users, 20 × 45 of groups, and 100 of everyone. */
const RULES = { ofUser: 10, ofGroup: 45, ofEveryone: 100 } as const;
const MAX_ADDED_US = 10;

/** What many rules cost a call that they allow. */
export const policy: Section = {
  name: "policy",
  title: `tools/call of ${USERS} callers over ${BACKENDS} backends, with 2,000 rules and with none`,
  async run({ bundle, effort, cleanup }) {
    const origin = await startEcho(cleanup);
    const names = Array.from({ length: BACKENDS }, (_, index) => `b${index}`);
    const mcpServers = Object.fromEntries(
      names.map((name) => [name, { type: "http", url: `${origin}/mcp/${name}/${TOOLS}` }]),
    );
    const free = await openGateway(bundle);
    cleanup.defer(free.stop);
    const ruled = await openGateway(bundle);
    cleanup.defer(ruled.stop);
    await put(free, { mcpServers });
    await put(ruled, { mcpServers, policy: { everyone: everyone(), groups: groups() } });
    await Promise.all([untilReady(free, BACKENDS), untilReady(ruled, BACKENDS)]);

    const freeKeys: ClientHeaders[] = [];
    const ruledKeys: ClientHeaders[] = [];
    for (let index = 0; index < USERS; index += 1) {
      freeKeys.push(await mintKey(free, `key ${index}`));
      ruledKeys.push(await keyOfNewUser(ruled, index));
    }
    const contender = (
      name: string,
      gateway: OpenedGateway,
      keys: readonly ClientHeaders[],
      path: string,
      tool: string,
    ): Contender => ({
      name,
      pid: gateway.pid,
      request: {
        ...callTool(`${gateway.url}${path}`, tool),
        ownHeaders: (connection) => keys[connection % keys.length] ?? CLIENT_HEADERS,
      },
    });
    const groupsOf = [
      [
        contender("no rules, /mcp", free, freeKeys, "/mcp", "b0_echo"),
        contender("2,000 rules, /mcp", ruled, ruledKeys, "/mcp", "b0_echo"),
      ],
      [
        contender("no rules, /mcp/b0", free, freeKeys, "/mcp/b0", "echo"),
        contender("2,000 rules, /mcp/b0", ruled, ruledKeys, "/mcp/b0", "echo"),
      ],
    ];
    const measured = [];
    const promises = [];
    for (const pair of groupsOf) {
      for (const { request } of pair) {
        await answerOf({ ...request, headers: request.ownHeaders?.(0) ?? CLIENT_HEADERS });
      }
      const [none, all] = await compareSideBySide(pair, USERS, effort);
      if (none === undefined || all === undefined) continue;
      measured.push(none, all);
      // By the ratio within each round: the rounds differ more than the two.
      const added = ((all.cpuRatio ?? NaN) - 1) * (none.cpuUs ?? NaN);
      promises.push({
        promise: `${all.name}: CPU added to a call ≤ ${MAX_ADDED_US} µs`,
        measured: `${added.toFixed(1)} µs, ratio ${all.cpuRatio?.toFixed(2) ?? "unknown"}`,
        holds: added <= MAX_ADDED_US,
      });
    }
    return { table: [LOAD_HEAD, ...measured.map(loadRow)], promises };
  },
};

async function put({ client }: OpenedGateway, document: object): Promise<void> {
  const outcome = await client.putConfig(JSON.stringify(document));
  if (outcome.kind !== "accepted") throw new Error(`config ${outcome.kind}: ${outcome.message}`);
}

function everyone(): object {
  return { deny: patterns(RULES.ofEveryone, (index) => `b*/secret_${index}_*`) };
}

function groups(): object {
  return Object.fromEntries(
    Array.from({ length: GROUPS }, (_, group) => [
      `group ${group}`,
      {
        allow: patterns(RULES.ofGroup, (index) => (index === 0 ? "b*" : `b${group}/get_${index}`)),
      },
    ]),
  );
}

async function keyOfNewUser(gateway: OpenedGateway, index: number): Promise<ClientHeaders> {
  const deny = patterns(RULES.ofUser, (rule) => `b${rule + 1}/tool_${index % TOOLS}`);
  const made = await sendAsOwner(gateway, "/admin/api/users", {
    name: `user ${index}`,
    groups: [`group ${index % GROUPS}`],
    rules: { allow: [], deny },
  });
  const { id } = made as { id?: unknown };
  if (typeof id !== "string") throw new Error(`no user: ${JSON.stringify(made)}`);
  return mintKey(gateway, `key ${index}`, { user: id });
}

function patterns(count: number, pattern: (index: number) => string): readonly string[] {
  return Array.from({ length: count }, (_, index) => pattern(index));
}
