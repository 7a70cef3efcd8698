import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { BackendListener, Attendance } from "../../src/backends/backend-stub.ts";
import type { BackendOrder } from "../../src/config/backend-order.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { release } from "../../src/core/outcome.ts";
import { call, stubOf } from "./backend-calls.ts";

export type Heard = Readonly<{ listener: string; object: string; message: JsonObject }>;

/** Attends a backend's object; what is not said is what somebody who watches lists wants. */
export async function attend(
  order: BackendOrder,
  attendance: Partial<Attendance> = {},
  object: string = order.config.name,
): Promise<void> {
  const role = object === order.config.name ? "shared" : "session";
  const wanted = { listener: "ann", role, uris: [], messages: false, ...attendance } as const;
  release(await stubOf(object).attend(order, wanted));
}

/** Stands in for the objects of callers, for this one object of a backend and until it is evicted. */
export async function hearing(
  object: string,
  answer: (message: JsonObject) => JsonObject | undefined = () => undefined,
): Promise<readonly Heard[]> {
  const heard: Heard[] = [];
  const listenerOf = (listener: string): BackendListener => ({
    async heard(from, message) {
      heard.push({ listener, object: from.object, message });
      return answer(message);
    },
  });
  await runInDurableObject(stubOf(object), (instance) => {
    const own = { ...env, CALLERS: { getByName: listenerOf } };
    Object.defineProperty(instance, "env", { value: own });
  });
  return heard;
}

/** Makes a `spoken` quirk say this on its stream. */
export async function say(order: BackendOrder, ...messages: readonly JsonObject[]): Promise<void> {
  await call(order, { params: { name: "say", arguments: { messages } } });
}
