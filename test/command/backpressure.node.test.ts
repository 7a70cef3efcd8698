import { resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { createConnector, type Connector } from "../../src/connector/connector.ts";
import type { LocalServer } from "../../src/connector/local-servers.ts";
import { eventually } from "../support/child.ts";
import {
  type DialledIn,
  type GatewayEnd,
  startGatewayEnd,
} from "../support/scripted-gateway-end.ts";

const SCRIPT = resolve(import.meta.dirname, "../support/stdio-script.mjs");
/** Far more than sockets, pipes and the connector hold together. */
const MEGABYTES = 64;

let gateway: GatewayEnd;
let connector: Connector;
let said: string[];
beforeEach(async () => {
  gateway = await startGatewayEnd();
  said = [];
  connector = createConnector({
    url: gateway.url,
    headers: {},
    version: "1",
    tell: (name, news) => void (news.kind === "said" && said.push(`${name}: ${news.line}`)),
  });
});
afterEach(async () => {
  await connector.stop();
  await gateway.stop();
});

function script(name: string): LocalServer {
  const stdio = { command: process.execPath, args: [SCRIPT], env: {}, cwd: undefined, secrets: [] };
  return { name, kind: "stdio", stdio };
}

/** Two servers that are up, each by the connection that brought it. */
async function bothUp(): Promise<Readonly<Record<"slow" | "quick", DialledIn>>> {
  await connector.apply([script("slow"), script("quick")]);
  const dialled = await Promise.all([gateway.dial(0), gateway.dial(1)]);
  for (const connection of dialled) await connection.see("state");
  const of = (name: string): DialledIn => {
    const found = dialled.find(({ path }) => path.endsWith(`/${name}`));
    if (found === undefined) throw new Error(`${name} did not dial`);
    return found;
  };
  return { slow: of("slow"), quick: of("quick") };
}

test("lets a server wait that writes faster than the gateway reads", async () => {
  const { slow, quick } = await bothUp();
  const flood = { jsonrpc: "2.0", method: "flood", params: { megabytes: MEGABYTES } };
  slow.socket.pause();
  slow.send({ id: 1, ...flood });
  quick.send({ id: 1, ...flood });
  const over = (name: string): boolean => said.includes(`${name}: flood is over`);
  await eventually("the other one wrote it all", async () => expect(over("quick")).toBe(true));
  await quick.see("message", ({ text }) => text.includes('"id":1'));
  expect(over("slow")).toBe(false);
  slow.socket.resume();
  await eventually("it goes on", async () => expect(over("slow")).toBe(true));
  await slow.see("message", ({ text }) => text.includes('"id":1'));
});

const DEAFENED = z.object({ result: z.object({ pid: z.number() }) });

test("reads no more of the gateway while a server takes nothing in", async () => {
  const { slow, quick } = await bothUp();
  const { pid } = DEAFENED.parse(await slow.ask("deafen", "deafen")).result;
  const text = "x".repeat(1_000_000);
  for (let count = 0; count < MEGABYTES; count += 1) {
    for (const connection of [slow, quick]) {
      connection.send({ jsonrpc: "2.0", method: "notifications/much", params: { text } });
    }
  }
  expect(await quick.ask("last", "echo")).toMatchObject({ result: {} });
  expect(quick.socket.bufferedAmount).toBe(0);
  expect(slow.socket.bufferedAmount).toBeGreaterThan(MEGABYTES * 500_000);
  const answered = slow.ask("last", "heard");
  process.kill(pid, "SIGUSR2");
  expect(await answered).toMatchObject({ result: { heard: MEGABYTES + 2 } });
});
