import type { Caller } from "../auth/caller.ts";
import type { RequestId, RpcNotification } from "../core/json-rpc.ts";

/**
 * Requests under way in this isolate, so that `notifications/cancelled` of a stateless client finds
 * the one it means. Keyed by session, or by user and credential where there is none: nobody cancels
 * what somebody else started.
 */
export type RunningRequests = Readonly<{
  /** Resolves when the request is cancelled; call `finished` in any case. */
  start: (
    owner: Owner,
    id: RequestId,
  ) => Readonly<{ cancelled: Promise<void>; finished: () => void }>;
  /** A notification of the client: `notifications/cancelled` is the only one that matters here. */
  hear: (owner: Owner, notification: RpcNotification) => void;
}>;

export type Owner = Readonly<{
  caller: Pick<Caller, "credentialId" | "userId">;
  session: string | undefined;
}>;

export function createRunningRequests(): RunningRequests {
  // Two windows without sessions may use the same ids: then all of that id are meant.
  const running = new Map<string, (() => void)[]>();
  return {
    start(owner, id) {
      const key = keyOf(owner, id);
      const { promise, resolve } = Promise.withResolvers<void>();
      const peers = running.get(key);
      if (peers === undefined) running.set(key, [resolve]);
      else peers.push(resolve);
      return {
        cancelled: promise,
        finished() {
          const left = running.get(key)?.filter((other) => other !== resolve) ?? [];
          if (left.length === 0) running.delete(key);
          else running.set(key, left);
        },
      };
    },
    hear(owner, { method, params }) {
      const id = params?.["requestId"];
      if (method !== "notifications/cancelled") return;
      if (typeof id !== "string" && typeof id !== "number") return;
      for (const resolve of running.get(keyOf(owner, id)) ?? []) resolve();
    },
  };
}

function keyOf({ caller, session = "" }: Owner, id: RequestId): string {
  return `${caller.credentialId} ${caller.userId} ${session} ${typeof id} ${id}`;
}
