import { randomToken } from "../core/digest.ts";
import type { ServerState } from "../tunnel/tunnel-frame.ts";
import { Backoff } from "../shell/backoff.ts";
import { concealSecrets } from "./conceal-secrets.ts";
import type { LocalEnd, LocalHooks } from "./local-end.ts";
import { peek } from "./rpc-peek.ts";
import { startStdioProcess, type StdioProcess, type StdioServer } from "./stdio-process.ts";

/** A server that crashed once is back before anybody notices; one that always does costs little. */
const RESTART_TIMES = { firstMs: 500, maxMs: 60_000 };

/** Processes that have to end with us. */
export type ProcessWatch = Readonly<{ add: (pid: number) => void; remove: (pid: number) => void }>;

/** Keeps a stdio server running: it is started again whenever it ends, with growing waits. */
export function keepProcess(
  server: StdioServer,
  { hooks, watch }: { hooks: LocalHooks; watch: ProcessWatch },
): LocalEnd {
  const backoff = new Backoff(RESTART_TIMES);
  const conceal = concealSecrets(server.secrets);
  let running: StdioProcess | undefined;
  let state: ServerState = { state: "down", reason: "is being started" };
  let again: NodeJS.Timeout | undefined;
  let stopped = false;
  let isRestarting = false;
  let toldNoise = false;

  function start(): void {
    if (stopped) return;
    const mine = startStdioProcess(server, {
      onLine: (line) => {
        const peeked = peek(line);
        if (peeked !== undefined) hooks.onMessage(line, peeked);
        else if (!toldNoise) {
          toldNoise = true;
          hooks.tell({ kind: "noise", line: conceal(line) });
        }
      },
      onTooLong: hooks.onTooLong,
      onReady: hooks.onReady,
      onStderr: (line) => hooks.tell({ kind: "said", line }),
      onEnd: (reason) => {
        if (mine.pid !== undefined) watch.remove(mine.pid);
        if (running !== mine) return;
        running = undefined;
        onEnd(reason);
      },
    });
    running = mine;
    if (mine.pid === undefined) return; // its end says why
    watch.add(mine.pid);
    backoff.up();
    state = { state: "up", run: randomToken(12) };
    hooks.tell({ kind: "started" });
    hooks.onState(state);
  }

  function onEnd(reason: string): void {
    if (stopped) return;
    const againInMs = isRestarting ? 0 : backoff.next();
    hooks.onReady(); // what waited for the old one to read goes nowhere
    if (!isRestarting) {
      state = { state: "down", reason };
      hooks.onState(state);
      hooks.tell({ kind: "ended", reason, againInMs });
    }
    isRestarting = false;
    again = setTimeout(start, againInMs);
  }
  start();

  return {
    state: () => state,
    send: (text) => {
      if (running?.send(text) === false) hooks.onFull();
    },
    pause: () => running?.pause(),
    resume: () => running?.resume(),
    restart: () => {
      if (running === undefined) return;
      isRestarting = true;
      // Said before it is true: the old run must not be offered once more.
      state = { state: "down", reason: "is being started again" };
      hooks.onState(state);
      void running.stop();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(again);
      await running?.stop();
    },
  };
}
