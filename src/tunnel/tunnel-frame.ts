import * as z from "zod";
import { MAX_FRAME, PING, PONG } from "./tunnel-protocol.ts";

/** The first frame of a connector: who it is, and which of its dials this is. */
const helloSchema = z.object({
  backend: z.string().max(64),
  /** Random, of one connector process: a later dial of the same is known for what it is. */
  instance: z.string().regex(/^[A-Za-z0-9_-]{8,64}$/),
  /** Grows with each dial of that instance: one that arrives late never replaces a newer one. */
  sequence: z.int().min(0),
  /** Version of the connector. */
  version: z.string().max(64).optional(),
  /** Name of the local program, without arguments: for people who read `/status`. */
  command: z.string().max(200).optional(),
});

/** The gateway's answer to it: the longest message and frame it takes, in UTF-16 units. */
const welcomeSchema = z.object({
  maxMessage: z.int().positive(),
  maxFrame: z.int().positive(),
});

/** How the local server is. */
const stateSchema = z.discriminatedUnion("state", [
  z.object({
    state: z.literal("up"),
    /** Random, of one start of the local server: the same server is not initialized twice. */
    run: z.string().regex(/^[A-Za-z0-9_-]{8,64}$/),
  }),
  /** Every call in flight is answered with an error at once. */
  z.object({ state: z.literal("down"), reason: z.string().max(500) }),
]);

/** Why the gateway is about to close the connection. */
const refusalSchema = z.object({
  code: z.string().max(64),
  message: z.string().max(1_000),
  /** Seconds to wait before dialling again; null: not before somebody has changed something. */
  retry: z.number().min(0).nullable(),
});

export type Hello = Readonly<z.infer<typeof helloSchema>>;
export type Welcome = Readonly<z.infer<typeof welcomeSchema>>;
export type ServerState = Readonly<z.infer<typeof stateSchema>>;
export type Refusal = Readonly<z.infer<typeof refusalSchema>>;

export type ControlFrame =
  | Readonly<{ kind: "hello"; hello: Hello }>
  | Readonly<{ kind: "welcome"; welcome: Welcome }>
  | Readonly<{ kind: "state"; state: ServerState }>
  | Readonly<{ kind: "refusal"; refusal: Refusal }>
  | Readonly<{ kind: "ping" }>
  | Readonly<{ kind: "pong" }>;

/** One part of a message that is longer than a frame. */
export type Piece = Readonly<{ id: number; index: number; last: boolean; text: string }>;

/** What is no frame; the connection is to be closed with `CLOSE_CODES.protocol` and the reason. */
export type Flaw = Readonly<{ kind: "flaw"; reason: string }>;

export type Frame =
  | ControlFrame
  /** A whole JSON-RPC message, or a batch of them, as it was written; not parsed. */
  | Readonly<{ kind: "message"; text: string }>
  | Readonly<{ kind: "piece"; piece: Piece }>
  | Flaw;

/** Room for the numbers in front of a piece. */
const MAX_PIECE_HEAD = 40;
/** Everything but messages is short. */
const MAX_CONTROL = 8 * 1_024;
const PIECE_HEAD = /^c(\d{1,15}),(\d{1,6}),([01]),/;

/** Whatever came out of the socket; never throws. */
export function parseFrame(data: unknown): Frame {
  if (typeof data !== "string") return flaw("a frame is not text");
  if (data === PING) return { kind: "ping" };
  if (data === PONG) return { kind: "pong" };
  if (data.length > MAX_FRAME + MAX_PIECE_HEAD) return flaw("a frame is too long");
  switch (data.slice(0, 1)) {
    case "{":
    case "[":
      return { kind: "message", text: data };
    case "c":
      return parsePiece(data);
    case "h":
      return withBody(data, helloSchema, (hello) => ({ kind: "hello", hello }));
    case "w":
      return withBody(data, welcomeSchema, (welcome) => ({ kind: "welcome", welcome }));
    case "s":
      return withBody(data, stateSchema, (state) => ({ kind: "state", state }));
    case "x":
      return withBody(data, refusalSchema, (refusal) => ({ kind: "refusal", refusal }));
    default:
      return flaw("a frame is of no known kind");
  }
}

/** The text of a frame that is no message; what would be too long is cut. */
export function encodeFrame(frame: ControlFrame): string {
  switch (frame.kind) {
    case "hello":
      return `h${JSON.stringify(frame.hello)}`;
    case "welcome":
      return `w${JSON.stringify(frame.welcome)}`;
    case "state":
      return `s${JSON.stringify(short(frame.state))}`;
    case "refusal":
      return `x${JSON.stringify({ ...frame.refusal, message: frame.refusal.message.slice(0, 1_000) })}`;
    case "ping":
      return PING;
    case "pong":
      return PONG;
    default:
      return frame satisfies never;
  }
}

export function encodePiece({ id, index, last, text }: Piece): string {
  return `c${id},${index},${last ? 1 : 0},${text}`;
}

export function flaw(reason: string): Flaw {
  return { kind: "flaw", reason };
}

function short(state: ServerState): ServerState {
  return state.state === "up" ? state : { ...state, reason: state.reason.slice(0, 500) };
}

function parsePiece(data: string): Frame {
  const [head, id, index, last] = PIECE_HEAD.exec(data) ?? [];
  if (head === undefined) return flaw("a piece has no head");
  const text = data.slice(head.length);
  const piece = { id: Number(id), index: Number(index), last: last === "1", text };
  return { kind: "piece", piece };
}

function withBody<Body>(
  data: string,
  schema: z.ZodType<Body>,
  make: (body: Body) => ControlFrame,
): Frame {
  if (data.length > MAX_CONTROL) return flaw("a frame is too long");
  let written: unknown;
  try {
    written = JSON.parse(data.slice(1));
  } catch {
    return flaw("a frame holds no JSON");
  }
  const body = schema.safeParse(written);
  return body.success ? make(body.data) : flaw("a frame does not say what it has to");
}
