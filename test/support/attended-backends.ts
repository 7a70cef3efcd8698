import type { BackendOrder } from "../../src/config/backend-order.ts";
import { parseConfig } from "../../src/config/config-document.ts";
import type { Attendance } from "../../src/backends/backend-stub.ts";
import type { Attended } from "../../src/mcp/attendances.ts";

/** The objects of backends, as who attends them finds them. */
export function createAttendedBackends() {
  const attending = new Map<string, Attendance>();
  const world = {
    attending,
    log: [] as string[],
    /** Objects that never answer, and ones that refuse. */
    hanging: new Set<string>(),
    refusing: new Set<string>(),
    atOnce: 0,
    mostAtOnce: 0,
    backend(object: string): Attended {
      const visit = async <Value>(word: string, value: Value): Promise<Value> => {
        world.log.push(`${word} ${object}`);
        world.atOnce += 1;
        world.mostAtOnce = Math.max(world.mostAtOnce, world.atOnce);
        if (world.hanging.has(object)) await new Promise(() => {});
        await Promise.resolve();
        world.atOnce -= 1;
        return value;
      };
      return {
        async attend(_, attendance) {
          const outcome = await visit("attend", world.refusing.has(object) ? REFUSED : TAKEN);
          if (outcome.ok) attending.set(object, attendance);
          return outcome;
        },
        async leave() {
          await visit("leave", undefined);
          attending.delete(object);
        },
      };
    },
  };
  return world;
}

const TAKEN = { ok: true, value: undefined } as const;
const REFUSED = {
  ok: false,
  error: {
    code: "backend_unavailable",
    message: "Cannot connect",
    detail: undefined,
    retryAfter: undefined,
  },
} as const;

/** What a backend's object must know of the backend `name`. */
export function orderFor(name: string, configVersion = 1): BackendOrder {
  const document = { mcpServers: { [name]: { url: `https://${name}.example.com/mcp` } } };
  const [config] = parseConfig(document).config.backends;
  if (config === undefined) throw new TypeError("a config with one backend has one");
  return { config, configVersion, privateOrigins: [] };
}
