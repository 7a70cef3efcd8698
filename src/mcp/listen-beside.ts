import { canBeAsked } from "../backends/check-question.ts";
import { objectName } from "../backends/lease-source.ts";
import { GatewayError } from "../core/errors.ts";
import type { CallContext, ClientPort, ForwardedMethod } from "../gateway/gateway.ts";
import type { CallHop } from "./caller-stub.ts";
import type { OwnConnection } from "./own-connections.ts";
import type { HeldRoom } from "./held-room.ts";

/**
 * Before a call to a legacy backend that may ask: has the client's own connection listened to, as a
 * client that speaks to the backend itself keeps a GET stream open. True when it was not before.
 */
export async function listenBeside(
  { deps, own }: Pick<HeldRoom, "deps" | "own">,
  { caller, scope, request }: CallHop,
  {
    client: { capabilities, connection },
    context,
    onConnected,
    ...ears
  }: Pick<OwnConnection, "heard" | "isListening"> &
    Readonly<{
      client: ClientPort;
      context: CallContext;
      /** The object of the backend that has a session for this client alone. */
      onConnected?: (object: string) => void;
    }>,
): Promise<boolean> {
  if (connection === undefined || !canBeAsked(capabilities)) return false;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only forwarded ones come here
  const method = request.method as ForwardedMethod;
  const located = { method, scope, params: request.params ?? {} };
  try {
    const { order, era, sessionful, account } = await deps.gateway.locate(caller, located, context);
    if (order === undefined || era === "modern" || !sessionful) return false;
    const client = { key: connection, capabilities };
    const object = objectName(order, { userId: caller.userId, account, sessionful, client });
    if (!object.endsWith(`/${connection}`)) return false; // one session for all: nobody's own
    onConnected?.(object);
    return await own.use({ object, order, capabilities, ...ears });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return false; // the call itself says what is wrong
  }
}
