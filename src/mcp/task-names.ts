import * as z from "zod";
import type { Caller } from "../auth/caller.ts";
import { GatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import type { Seal } from "../core/seal.ts";

const PREFIX = "b.";
/** Longer than any backend's own id, sealed. */
const MAX_LENGTH = 8_192;

const namedSchema = z.object({ user: z.string(), backend: z.string(), taskId: z.string() });

/**
 * Names for the tasks that backends make: two of them may use the same id, and whoever guesses one
 * of a backend that all callers share could read another's. So the id is sealed for its caller,
 * together with where it belongs.
 */
export type TaskNames = Readonly<{
  name: (caller: Caller, backend: BackendName, taskId: string) => Promise<string>;
  /** Throws `invalid_params`, in the words for a task that is not there. */
  open: (caller: Caller, name: string) => Promise<{ backend: BackendName; taskId: string }>;
}>;

export function isBackendTask(taskId: unknown): taskId is string {
  return typeof taskId === "string" && taskId.startsWith(PREFIX);
}

export function createTaskNames(seal: Seal): TaskNames {
  return {
    async name({ userId }, backend, taskId) {
      return PREFIX + (await seal.seal(JSON.stringify({ user: userId, backend, taskId })));
    },
    async open({ userId }, name) {
      const named = namedSchema.safeParse(await openJson(seal, name));
      if (!named.success || named.data.user !== userId) throw unknownTask();
      const { backend, taskId } = named.data;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed by `name`
      return { backend: backend as BackendName, taskId };
    },
  };
}

async function openJson(seal: Seal, name: string): Promise<unknown> {
  if (name.length > MAX_LENGTH) return undefined;
  try {
    return JSON.parse(await seal.open(name.slice(PREFIX.length)));
  } catch {
    return undefined; // not ours: the same answer as for one that is not there
  }
}

export function unknownTask(): GatewayError {
  return new GatewayError("invalid_params", "Cannot find the task: it is unknown or too old");
}
