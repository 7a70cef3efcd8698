import { setTimeout as sleep } from "node:timers/promises";
import type { BackendStatus, GatewayClient } from "./gateway-client.ts";
import { describeBackend } from "./start-banner.ts";

const POLL_MS = 2_000;
const FIRST_POLL_MS = 150;

/** The backends once none is connecting any more, or as they are after `timeoutMs`. */
export async function awaitBackends(
  client: GatewayClient,
  timeoutMs: number,
): Promise<readonly BackendStatus[] | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const backends = await client.readStatus();
    const settled = backends?.every((backend) => backend.state !== "connecting") === true;
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
