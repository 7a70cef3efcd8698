import * as z from "zod";
import { createGatewayClient, type GatewayClient } from "../../src/command/gateway-client.ts";
import type { WorkerBundle } from "../../src/command/worker-bundle.ts";
import { eventually } from "../support/child.ts";
import { type OpenedWorker, openWorker } from "./open-worker.ts";

const OWNER_PASSWORD = "owner-password-of-the-bench";
const LOCAL_COMMAND_KEY = "local-command-key-of-the-bench";
const VARIABLES = {
  OWNER_PASSWORD,
  ENCRYPTION_KEY: "encryption-key-of-the-bench-0123456789",
  GATEWAY_API_KEY: "static-key-of-the-bench-0123456789",
  LOCAL_COMMAND_KEY,
  LOG_LEVEL: "warn",
};
const READY_MS = 20_000;

export type OpenedGateway = OpenedWorker & Readonly<{ client: GatewayClient }>;

export type BackendEntry = Readonly<{ type: string; url: string }> | Readonly<{ connector: true }>;
export type BackendEntries = Readonly<Record<string, BackendEntry>>;

/** What a client of the bench sends beside its body. */
export const CLIENT_HEADERS = {
  accept: "application/json, text/event-stream",
  authorization: `Bearer ${VARIABLES.GATEWAY_API_KEY}`,
  "mcp-protocol-version": "2025-11-25",
};

export type ClientHeaders = typeof CLIENT_HEADERS;

/** The gateway on workerd in this process' hands, so that its CPU can be read. */
export async function openGateway(bundle: WorkerBundle, state?: string): Promise<OpenedGateway> {
  const worker = await openWorker(bundle, {
    variables: VARIABLES,
    ...(state === undefined ? {} : { state }),
  });
  const client = createGatewayClient({
    url: worker.url,
    apiKey: VARIABLES.GATEWAY_API_KEY,
    ownerPassword: OWNER_PASSWORD,
    localCommandKey: LOCAL_COMMAND_KEY,
  });
  return { ...worker, client };
}

export async function configure({ client }: OpenedGateway, entries: BackendEntries): Promise<void> {
  const outcome = await client.putConfig(JSON.stringify({ mcpServers: entries }));
  if (outcome.kind !== "accepted") throw new Error(`config ${outcome.kind}: ${outcome.message}`);
}

/** A key of its own, which is somebody of his own; what a client with it sends. */
export async function mintKey(
  gateway: OpenedGateway,
  name: string,
  options: object = {},
): Promise<ClientHeaders> {
  const key = await mint(gateway, { name, ...options });
  return { ...CLIENT_HEADERS, authorization: `Bearer ${key}` };
}

/** A key that brings every backend and is good for nothing else. */
export function mintConnectorKey(gateway: OpenedGateway): Promise<string> {
  return mint(gateway, { name: "connector", connect: ["*"] });
}

async function mint(gateway: OpenedGateway, wanted: object): Promise<string> {
  return MINTED.parse(await sendAsOwner(gateway, "/admin/api/keys", wanted)).key;
}

/** What the owner's API answers to a body. */
export async function sendAsOwner(
  { url }: OpenedGateway,
  path: string,
  wanted: object,
): Promise<unknown> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`owner:${OWNER_PASSWORD}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(wanted),
  });
  return response.json();
}

const MINTED = z.looseObject({ key: z.string() });

export async function untilReady({ client }: OpenedGateway, count: number): Promise<void> {
  await eventually(
    `${count} backends ready`,
    async () => {
      const backends = (await client.readStatus()) ?? [];
      const ready = backends.filter(({ state }) => state === "ready").length;
      if (ready < count) throw new Error(`${ready} of ${count}`);
    },
    READY_MS,
  );
}
