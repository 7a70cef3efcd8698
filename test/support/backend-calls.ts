import { env } from "cloudflare:workers";
import { inject } from "vitest";
import type { BackendStub } from "../../src/backends/backend-stub.ts";
import {
  DIALLER_HEADER,
  type SocketOwner,
  UPGRADE_URL,
  writeOwner,
} from "../../src/backends/connector-socket.ts";
import type { Lease } from "../../src/backends/lease.ts";
import { type SendIo, sendRequest } from "../../src/backends/send.ts";
import type { BackendRequest } from "../../src/backends/wire.ts";
import { parseBackendName } from "../../src/config/backend-name.ts";
import type { BackendOrder } from "../../src/config/backend-order.ts";
import type { BackendConfig, BackendTransport } from "../../src/config/gateway-config.ts";
import type { Answer } from "../../src/core/json-rpc.ts";
import { release } from "../../src/core/outcome.ts";
import type { Arrived } from "./quirky-backends.ts";

/** Orders, stubs and calls for tests of the backends room; every order has a backend of its own. */

let count = 0;

export function orderFor(
  transport: BackendTransport,
  changes: Partial<Omit<BackendConfig, "name" | "transport">> & { configVersion?: number } = {},
): BackendOrder {
  count += 1;
  const { configVersion = 1, ...rest } = changes;
  return {
    config: {
      name: parseBackendName(`b${count}-${crypto.randomUUID().slice(0, 8)}`),
      transport,
      disabledTools: [],
      timeoutMs: 5_000,
      session: "per-user",
      ...rest,
    },
    configVersion,
    privateOrigins: fixtureUrls().map((url) => new URL(url).origin),
  };
}

function fixtureUrls(): readonly string[] {
  const { changing, ...lasting } = inject("fixtures");
  return [...Object.values(lasting), ...Object.values(changing)];
}

export function http(url: string, headers: Record<string, string> = {}): BackendTransport {
  return { kind: "streamable-http", url, headers };
}

/** A quirk with a memory of its own. */
export function quirk(name: string): {
  url: string;
  arrived: () => Promise<Arrived[]>;
  control: (change: object) => Promise<void>;
} {
  const { quirky } = inject("fixtures");
  const path = `${name}/${crypto.randomUUID()}`;
  return {
    url: `${quirky}/${path}`,
    arrived: async () => (await fetch(`${quirky}/log/${path}`)).json(),
    control: async (change) => {
      const body = JSON.stringify(change);
      await (await fetch(`${quirky}/control/${path}`, { method: "POST", body })).text();
    },
  };
}

export function stubOf(objectName: string): DurableObjectStub & BackendStub {
  // The RPC types of a listing nest without end; the interface says the same.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-unnecessary-type-assertion
  return env.BACKENDS.getByName(objectName) as never;
}

/** The upgrade of a connector, as the Worker hands it to the backend's object. */
export async function askObject(order: BackendOrder, owner: SocketOwner = {}): Promise<Response> {
  const stub = stubOf(order.config.name);
  release(await stub.expectConnector(order));
  const headers = { upgrade: "websocket", [DIALLER_HEADER]: writeOwner(owner) };
  return stub.fetch(new Request(UPGRADE_URL, { headers }));
}

export async function leaseOf(order: BackendOrder): Promise<Lease> {
  return release(await stubOf(order.config.name).lease(order, { role: "shared" }));
}

export function ioFor(order: BackendOrder, changes: Partial<SendIo> = {}): SendIo {
  return {
    fetch: (url, init) => fetch(url, init),
    object: () => stubOf(order.config.name),
    signal: new AbortController().signal,
    waitUntil: () => {},
    now: Date.now,
    ...changes,
  };
}

export async function call(
  order: BackendOrder,
  request: Partial<BackendRequest> = {},
  changes: Partial<SendIo> = {},
): Promise<Answer> {
  return sendRequest(
    await leaseOf(order),
    { id: 1, method: "tools/call", params: { name: "call", arguments: {} }, ...request },
    ioFor(order, changes),
  );
}

/** The text of the first content block. */
export function textOf(answer: Answer): string {
  const message = answer.message();
  if ("error" in message) throw new Error(`unexpected error ${JSON.stringify(message.error)}`);
  const content = message.result["content"];
  const [first] = Array.isArray(content) ? content : [];
  return typeof first === "object" && first !== null && "text" in first ? String(first.text) : "";
}
