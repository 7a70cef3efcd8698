import type { BackendConfig } from "../../src/config/gateway-config.ts";
import type { BackendOrder } from "../../src/config/backend-order.ts";
import { askObject, orderFor } from "./backend-calls.ts";
import { connectServer, type Connected, type LocalServer } from "./connect-server.ts";

/** A backend of a connector and who brings it, for tests of the backends room. */
export type ConnectedBackend = Readonly<{
  order: BackendOrder;
  connector: Connected;
  /** Dials once more, as the same connector unless told; the same start of the server unless told. */
  again: (server: LocalServer, change?: { run?: string; instance?: string }) => Promise<Connected>;
}>;

export async function connectedBackend(
  server: LocalServer,
  changes: Partial<Omit<BackendConfig, "name" | "transport">> = {},
): Promise<ConnectedBackend> {
  const order = orderFor({ kind: "stdio" }, { session: "shared", ...changes });
  const { name } = order.config;
  const run = crypto.randomUUID();
  const ask = (): Promise<Response> => askObject(order);
  const connector = await connectServer(name, server, { ask, run });
  let sequence = 0;
  return {
    order,
    connector,
    again: (next, change = {}) => {
      sequence += 1;
      const { instance } = connector;
      return connectServer(name, next, { ask, run, instance, ...change, sequence });
    },
  };
}

/** The methods a local server was asked for, in order. */
export function methodsOf({ received }: Connected): readonly unknown[] {
  return received.map(({ method }) => method);
}
