import { setTimeout as sleep } from "node:timers/promises";
import type { BackendStatus, GatewayClient } from "./gateway-client.ts";
import { describeBackend } from "./start-banner.ts";

const POLL_MS = 2_000;
const FIRST_POLL_MS = 150;

export type Awaited = Readonly<{
  timeoutMs: number;
  /** Backends a connector is about to bring: offline is not yet their state. */
  coming: () => ReadonlySet<string>;
}>;

/** The backends once none is on its way any more, or as they are after `timeoutMs`. */
export async function awaitBackends(
  client: Pick<GatewayClient, "readStatus">,
  { timeoutMs, coming }: Awaited,
): Promise<readonly BackendStatus[] | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const backends = await client.readStatus();
    const settled =
      backends?.every(
        ({ name, state }) => state !== "connecting" && !(state === "offline" && coming().has(name)),
      ) === true;
    if (settled || performance.now() + FIRST_POLL_MS > deadline) return backends;
    await sleep(FIRST_POLL_MS);
  }
}

export type BackendWatch = Readonly<{ stop: () => void }>;

/**
 * One line when a backend goes down, comes back, or is there for the first time. `connecting` is
 * only the way between two states and never a line.
 */
export function watchBackends(
  client: GatewayClient,
  { known, say }: { known: readonly BackendStatus[]; say: (line: string) => void },
): BackendWatch {
  let states = rememberStates(new Map(), known);
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function poll(): Promise<void> {
    const backends = await client.readStatus();
    if (stopped) return;
    if (backends !== undefined) {
      for (const line of describeStateChanges(states, backends)) say(line);
      states = rememberStates(states, backends);
    }
    timer = setTimeout(() => void poll(), POLL_MS);
  }

  timer = setTimeout(() => void poll(), POLL_MS);
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

export function describeStateChanges(
  before: ReadonlyMap<string, string>,
  now: readonly BackendStatus[],
): readonly string[] {
  return now.flatMap((backend) => {
    if (backend.state === "connecting" || before.get(backend.name) === backend.state) return [];
    const about = describeBackend(backend);
    return [`${backend.name} is ${backend.state}${about === "" ? "" : `: ${about}`}`];
  });
}

/** A backend that is connecting keeps the state it was last told to be in. */
export function rememberStates(
  before: ReadonlyMap<string, string>,
  now: readonly BackendStatus[],
): ReadonlyMap<string, string> {
  return new Map(
    now.map(({ name, state }) => [
      name,
      state === "connecting" ? (before.get(name) ?? state) : state,
    ]),
  );
}
