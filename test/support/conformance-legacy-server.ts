import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  ResultSchema,
  RootsListChangedNotificationSchema,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
  UrlElicitationRequiredError,
} from "@modelcontextprotocol/sdk/types.js";
import { callTool, getPrompt, readResource } from "./conformance-behaviour.ts";
import {
  type Answer,
  type Back,
  LOG_LEVELS,
  type LogLevel,
  PageNeeded,
  type Question,
} from "./conformance-client.ts";
import { COMPLETION, TEMPLATES } from "./conformance-offer.ts";
import type { Change, ConformanceState } from "./conformance-state.ts";

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** One connection to the conformance server, on the SDK that real legacy servers use. */
export type LegacyServer = Readonly<{
  connect: (transport: Transport) => Promise<void>;
  /**
   * Asks for the client's roots outside of any call, when it has declared some. Where all messages
   * share one stream nobody can tell that from a question of a call, so there it is left out.
   */
  learnRoots: () => void;
}>;

export function createLegacyServer(
  state: ConformanceState,
  {
    pushes,
  }: {
    /** Whether the wire carries anything but answers. */
    pushes: boolean;
  },
): LegacyServer {
  const listChanged = pushes ? { listChanged: true } : {};
  const subscribe = pushes ? { subscribe: true } : {};
  const server = new Server(
    { name: "conformance-legacy", version: "1.0.0" },
    {
      capabilities: {
        tools: listChanged,
        prompts: listChanged,
        resources: { ...listChanged, ...subscribe },
        completions: {},
        logging: {},
      },
      instructions: "For tests only",
    },
  );
  const subscribed = new Set<string>();
  let level: LogLevel = "debug";
  let roots: Promise<unknown> | undefined;
  const learnRoots = (): void => {
    if (server.getClientCapabilities()?.roots === undefined) return;
    roots = server.listRoots().then(
      (result) => result.roots,
      (error: unknown) => ({ failed: String(error) }),
    );
  };
  const backTo = (extra: Extra, progressToken: string | number | undefined): Back => ({
    state,
    signal: extra.signal,
    capabilities: { ...server.getClientCapabilities() },
    progress: async (progress, total) => {
      if (progressToken === undefined) return;
      await extra.sendNotification({
        method: "notifications/progress",
        params: { progressToken, progress, total },
      });
    },
    log: async (data, own = "info") => {
      if (LOG_LEVELS.indexOf(own) < LOG_LEVELS.indexOf(level)) return;
      await extra.sendNotification({
        method: "notifications/message",
        params: { level: own, logger: "conformance", data },
      });
    },
    ask: async (questions) => {
      if (!pushes) throw new McpError(ErrorCode.InvalidRequest, "This wire carries only answers");
      const asked = Object.entries<Question>(questions).map(
        async ([key, question]) => [key, await ask(extra, question)] as const,
      );
      return Object.fromEntries(await Promise.all(asked)) as Record<keyof typeof questions, Answer>;
    },
    completeUrl: (elicitationId) =>
      extra.sendNotification({
        method: "notifications/elicitation/complete",
        params: { elicitationId },
      }),
    knownRoots: async () => roots,
    closeStream: () => extra.closeSSEStream?.(),
  });

  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: state.tools() }));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: state.prompts() }));
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: state.resources() }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: TEMPLATES,
  }));
  server.setRequestHandler(CompleteRequestSchema, () => COMPLETION);
  server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
    ({ level } = params);
    return {};
  });
  if (pushes) {
    server.setRequestHandler(SubscribeRequestSchema, ({ params: { uri } }) => {
      subscribed.add(uri);
      return {};
    });
    server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }) => {
      subscribed.delete(uri);
      return {};
    });
  }
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const result = readResource(uri);
    if (result !== undefined) return result;
    throw new McpError(ErrorCode.InvalidParams, `Resource not found: ${uri}`, { uri });
  });
  server.setRequestHandler(GetPromptRequestSchema, async ({ params }, extra) => {
    const { name, arguments: args = {}, _meta: meta } = params;
    const result = await getPrompt(name, args, backTo(extra, meta?.progressToken));
    if (result !== undefined) return result;
    throw new McpError(ErrorCode.InvalidParams, `Prompt not found: ${name}`);
  });
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const { name, arguments: args = {}, _meta: meta } = params;
    const hearAbort = (): void => state.hear({ method: "aborted", params: { name } });
    extra.signal.addEventListener("abort", hearAbort);
    try {
      const result = await callTool(name, args, backTo(extra, meta?.progressToken));
      if (result !== undefined) return result;
      throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${name}`);
    } catch (error) {
      if (!(error instanceof PageNeeded)) throw error;
      throw new UrlElicitationRequiredError([{ mode: "url", ...error.page }]);
    } finally {
      extra.signal.removeEventListener("abort", hearAbort);
    }
  });
  server.setNotificationHandler(RootsListChangedNotificationSchema, learnRoots);

  return {
    async connect(transport) {
      await server.connect(transport);
      // oxlint-disable-next-line unicorn/prefer-add-event-listener
      if (pushes) server.onclose = state.listen((change) => void tell(server, subscribed, change));
    },
    learnRoots,
  };
}

/** The low-level server sends any method; its types know only the ones it has schemas for. */
function ask(extra: Extra, { method, params }: Question): Promise<Answer> {
  return extra.sendRequest({ method, params: { ...params } } as ServerRequest, ResultSchema, {
    signal: extra.signal,
  });
}

/** What hangs on a stream that the client has closed is lost, as with any server. */
async function tell(
  server: Server,
  subscribed: ReadonlySet<string>,
  change: Change,
): Promise<void> {
  try {
    if ("updated" in change) {
      if (subscribed.has(change.updated)) await server.sendResourceUpdated({ uri: change.updated });
    } else if (change.list === "tools") await server.sendToolListChanged();
    else if (change.list === "prompts") await server.sendPromptListChanged();
    else await server.sendResourceListChanged();
  } catch (error) {
    console.error("conformance server cannot notify", error);
  }
}
