import type { BackendOrder } from "../config/backend-order.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { release } from "../core/outcome.ts";
import type { BackendStub } from "./backend-stub.ts";
import { LeaseLost } from "./lease.ts";
import { type SendIo, sendRequest } from "./send.ts";
import { LISTING_CAPABILITIES } from "./wire.ts";

/** Enough to see whether it is the right one; all of it is listed once it is kept. */
const MAX_PAGES = 5;
const MAX_TOOLS = 200;

export type Probe = Readonly<{
  protocolVersion: string;
  tools: readonly Readonly<{ name: string; description: string }>[];
  /** There are more than were asked for. */
  hasMore: boolean;
}>;

/**
 * Connects to a backend that is not in the config, looks at its tools, and forgets it. Through an
 * object of its own, so that one of the same name in the config hears nothing of it.
 */
export async function probeBackend(
  order: BackendOrder,
  io: SendIo &
    Readonly<{ stub: (name: string) => Pick<BackendStub, "lease" | "release" | "fetch"> }>,
): Promise<Probe> {
  // Whoever tries it has no login of their own at what nobody knows yet.
  const { credentials: _everybodysOwn, ...config } = order.config;
  const { name } = config;
  const object = `${name}/probe-${crypto.randomUUID()}`;
  const stub = io.stub(object);
  try {
    const lease = release(
      await stub.lease(
        { ...order, config },
        { role: "session", capabilities: LISTING_CAPABILITIES },
      ),
    );
    const tools: { name: string; description: string }[] = [];
    let params: JsonObject = {};
    for (let page = 1; ; page += 1) {
      const request = { id: page, method: "tools/list", params, action: "connect" };
      // oxlint-disable-next-line no-await-in-loop -- each page names the next
      const { message } = await sendRequest(lease, request, { ...io, object: () => stub });
      const answer = message();
      if ("error" in answer) {
        throw new GatewayError(
          "backend_failed",
          `Cannot list the tools of backend "${name}": it answered with error ${answer.error.code}`,
        );
      }
      tools.push(...toolsIn(answer.result));
      const { nextCursor } = answer.result;
      const hasMore = typeof nextCursor === "string";
      if (!hasMore || page === MAX_PAGES || tools.length > MAX_TOOLS) {
        return {
          protocolVersion: lease.protocolVersion,
          tools: tools.slice(0, MAX_TOOLS),
          hasMore: hasMore || tools.length > MAX_TOOLS,
        };
      }
      params = { cursor: nextCursor };
    }
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    const reason = error.reason === "session" ? "forgets its sessions at once" : "wants a login";
    throw new GatewayError(
      error.reason === "session" ? "backend_unavailable" : "backend_unauthorized",
      `Cannot connect: backend "${name}" ${reason}`,
    );
  } finally {
    io.waitUntil(stub.release().catch(() => {})); // it forgets by itself when it is idle
  }
}

function toolsIn({ tools }: JsonObject): { name: string; description: string }[] {
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool: unknown) => {
    if (!isJsonObject(tool) || typeof tool["name"] !== "string") return [];
    const { name, description, title } = tool;
    const said = [description, title].find((text) => typeof text === "string");
    return [{ name, description: said ?? "" }];
  });
}
