/**
 * What the two ends of a tunnel agree on: the connector dials out, one WebSocket for one local
 * server, and JSON-RPC passes one to one. Used by the Worker and by the command.
 */

/** Said in `Sec-WebSocket-Protocol` by both ends: another version is another name. */
export const TUNNEL_PROTOCOL = "mcp-connector.1";

/** `/connect/{backend}` */
export const CONNECT_PATH = "/connect/";

/** Plain texts, answered by the platform without waking the gateway's object. */
export const PING = "ping";
export const PONG = "pong";

/** How often a connector pings: a dead line is noticed by both ends within two of them. */
export const PING_EVERY_MS = 20_000;
/** No sign of life for so long: the line is dead, whatever the socket says. */
export const SILENCE_MS = 45_000;
/** The gateway closes a connection that has not introduced itself by then. */
export const HELLO_WITHIN_MS = 10_000;

/**
 * Lengths count UTF-16 units: a unit is at most three bytes on the wire, and counting bytes of every
 * message would cost more than carrying it. A frame stays far below the 32 MiB that workerd takes.
 */
export const MAX_FRAME = 512 * 1_024;
/** What a local server may answer: as much as any other backend. */
export const MAX_TO_GATEWAY = 8 * 1_024 * 1_024;
/** What a local server may be sent: as much as a caller may send us. */
export const MAX_TO_CONNECTOR = 4 * 1_024 * 1_024;

/** Why the gateway closed a connection; a refusal with the same word comes right before. */
export const CLOSE_CODES = {
  /** A newer connection for this backend is there: dialling again would only start a quarrel. */
  replaced: 4001,
  /** Something that is no frame, or not at its place. */
  protocol: 4002,
  /** The local server has to be started afresh, because it does not let itself be initialized again. */
  restart: 4003,
  /** The credential is not valid any more. */
  revoked: 4401,
  /** The backend is no longer configured, or is not one for a connector any more. */
  unknown: 4404,
  /** No hello came in time. */
  silent: 4408,
} as const;

export type CloseReason = keyof typeof CLOSE_CODES;
