import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isJsonObject } from "../../src/core/json.ts";
import { startEcho } from "./echo-process.ts";
import { measureFlows, median } from "./measure-throughput.ts";
import { CLIENT_HEADERS, configure, openGateway, untilReady } from "./open-gateway.ts";
import { answerOf, callTool } from "./rpc-load.ts";
import { atMost, LOAD_HEAD, loadRow, type Section } from "./section.ts";
import { compareSideBySide, type FlowContender, type Measured } from "./side-by-side.ts";

const RUN = join(import.meta.dirname, "../../src/command/run.mjs");
const SDK_BRIDGE = join(import.meta.dirname, "sdk-bridge.ts");
const STARTS = 5;
const ECHO = { name: "json_echo", arguments: { message: "The quick brown fox" } };

/** What a client pays that only starts programs. */
export const stdioCalls: Section = {
  name: "stdio",
  title: "a call through `stdio`, against the SDK's transports put together as mcp-remote does",
  async run({ bundle, effort, cleanup }) {
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    await configure(gateway, {
      json: { type: "http", url: `${await startEcho(cleanup)}/mcp/json/1` },
    });
    await untilReady(gateway, 1);
    const env = {
      GATEWAY_URL: gateway.url,
      GATEWAY_API_KEY: CLIENT_HEADERS.authorization.replace("Bearer ", ""),
    };

    const open = async (name: string, args: readonly string[]): Promise<FlowContender> => {
      const bridge = startBridge(args, env);
      cleanup.defer(bridge.stop);
      await bridge.open();
      const measure = (connections: number, durationMs: number) =>
        measureFlows(
          Array.from({ length: connections }, () => bridge.call),
          durationMs,
        );
      return { name, pid: bridge.pid, measure };
    };
    const contenders = [
      await open("the SDK's transports", [SDK_BRIDGE]),
      await open("stdio", [RUN, "stdio"]),
    ];
    const direct = callTool(`${gateway.url}/mcp`, ECHO.name, ECHO.arguments);
    await answerOf(direct);

    const measured: Measured[] = [];
    for (const connections of [1, 16]) {
      measured.push(...(await compareSideBySide(contenders, connections, effort)));
    }
    const plain = { name: "HTTP, without either", pid: 0, request: direct };
    const [alone] = await compareSideBySide([plain], 1, effort);
    const single = measured.find(({ name, connections }) => name === "stdio" && connections === 1);
    const starts = await timeStarts(env);
    return {
      table: [LOAD_HEAD, ...[...measured, ...(alone === undefined ? [] : [alone])].map(loadRow)],
      promises: [
        ...measured
          .filter(({ name }) => name === "stdio")
          .map(({ connections, cpuRatio }) =>
            atMost(`CPU of the SDK's transports, ${connections} at once`, cpuRatio, 0.5),
          ),
        atMost("ms added to a call over HTTP", (single?.p50Ms ?? NaN) - (alone?.p50Ms ?? 0), 2),
      ],
      notes: [`from its start to the first answer: ${starts.toFixed(0)} ms`],
    };
  },
};

/** Milliseconds from a start to the answer of the first call, in a session. */
async function timeStarts(env: Readonly<Record<string, string>>): Promise<number> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const before = performance.now();
    const bridge = startBridge([RUN, "stdio"], env);
    await bridge.open();
    await bridge.call();
    times.push(performance.now() - before);
    await bridge.stop();
  }
  return median(times);
}

type Bridge = Readonly<{
  pid: number;
  /** Begins a session, as every legacy client does. */
  open: () => Promise<void>;
  call: () => Promise<void>;
  stop: () => Promise<void>;
}>;

function startBridge(args: readonly string[], env: Readonly<Record<string, string>>): Bridge {
  const child = spawn(process.execPath, [...args], {
    env: { PATH: process.env["PATH"], LOG_LEVEL: "error", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const waiting = new Map<unknown, (problem: string | undefined) => void>();
  let asked = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message: unknown = JSON.parse(line);
    if (!isJsonObject(message)) return;
    waiting.get(message["id"])?.("result" in message ? undefined : line);
    waiting.delete(message["id"]);
  });
  void exited.then(() => {
    for (const tell of waiting.values()) tell(`${args.join(" ")} has ended`);
  });

  function send(message: object): void {
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }
  async function ask(method: string, params: object): Promise<void> {
    asked += 1;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    waiting.set(asked, resolve);
    send({ id: asked, method, params });
    const problem = await promise;
    if (problem !== undefined) throw new Error(problem);
  }

  return {
    pid: child.pid ?? 0,
    open: async () => {
      const clientInfo = { name: "bench", version: "1" };
      const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
      await ask("initialize", params);
      send({ method: "notifications/initialized" });
    },
    call: () => ask("tools/call", ECHO),
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
