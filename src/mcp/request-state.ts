import * as z from "zod";
import type { Caller } from "../auth/caller.ts";
import { sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Seal } from "../core/seal.ts";
import type { Scope } from "../gateway/gateway.ts";

/** A person answers a form within this, or calls the tool again. */
export const STATE_LIFE_MS = 10 * 60 * 1_000;
/** Larger than what any backend's state needs; a client sends it with every retry. */
const MAX_STATE_LENGTH = 256 * 1_024;

/**
 * What a client gives back to us with its answers. `approval` names the slip that lets a call run
 * that a person has allowed, or is asked to allow: it is taken once.
 */
const stateSchema = z.discriminatedUnion("kind", [
  /** A modern backend asked: its own state, which a client never sees raw. */
  z.object({
    kind: z.literal("passed"),
    backend: z.string(),
    state: z.string().optional(),
    approval: z.string().optional(),
  }),
  /** A call waits for the answers in the caller's object. */
  z.object({ kind: z.literal("held"), handle: z.string() }),
  /** A legacy backend wants a page visited first: nothing waits, the call is made again. */
  z.object({ kind: z.literal("again"), backend: z.string(), approval: z.string().optional() }),
  /** The gateway asked whether the call may run. */
  z.object({ kind: z.literal("approval"), approval: z.string() }),
]);
export type RequestState = Readonly<z.infer<typeof stateSchema>>;

const sealedSchema = z.object({
  credential: z.string(),
  user: z.string(),
  call: z.string(),
  /** Epoch ms. */
  expires: z.number(),
  state: stateSchema,
});

/** The request a state belongs to: it opens for no other. */
export type StatedCall = Readonly<{
  caller: Caller;
  scope: Scope;
  method: string;
  params: JsonObject;
}>;

/**
 * `requestState` is in the hands of the client, so it is encrypted and bound to the caller, the
 * request and a time (MCP 2026-07-28, server/utilities/mrtr, security considerations).
 */
export type RequestStates = Readonly<{
  seal: (call: StatedCall, state: RequestState) => Promise<string>;
  /** Throws `invalid_params` for whatever was not sealed for just this call. */
  open: (call: StatedCall, text: unknown) => Promise<RequestState>;
}>;

export function createRequestStates(seal: Seal, now: () => number): RequestStates {
  return {
    async seal(call, state) {
      return seal.seal(
        JSON.stringify({
          credential: call.caller.credentialId,
          user: call.caller.userId,
          call: await digestOf(call),
          expires: now() + STATE_LIFE_MS,
          state,
        }),
      );
    },
    async open(call, text) {
      if (typeof text !== "string" || text.length > MAX_STATE_LENGTH) throw invalid();
      const sealed = sealedSchema.safeParse(await openJson(seal, text));
      if (!sealed.success) throw invalid();
      const { credential, user, expires, state } = sealed.data;
      const { credentialId, userId } = call.caller;
      // One credential may act for many people, and one user have many credentials.
      if (credential !== credentialId || user !== userId || expires <= now()) throw invalid();
      if (sealed.data.call !== (await digestOf(call))) throw invalid();
      return state;
    },
  };
}

async function openJson(seal: Seal, text: string): Promise<unknown> {
  try {
    return JSON.parse(await seal.open(text));
  } catch {
    return undefined; // not ours: the same answer as for one that is not valid any more
  }
}

/** Everything that makes the call what it is; a retry differs in its answers only. */
function digestOf({ caller, scope, method, params }: StatedCall): Promise<string> {
  const { name, uri, arguments: args } = params;
  // What is allowed for one account of a person is not for another.
  const where = scope.kind === "one" ? [scope.backend, caller.account?.name ?? ""] : [];
  return sha256Hex(JSON.stringify([where, method, name ?? null, uri ?? null, args ?? null]));
}

/** In the same words whatever was wrong with it. */
function invalid(): GatewayError {
  return new GatewayError(
    "invalid_params",
    "Cannot continue: requestState is not valid for this request, send the request again without it",
  );
}
