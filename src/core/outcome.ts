import { type ErrorCode, GatewayError } from "./errors.ts";

/**
 * The result of an object's method as a value. An exception that leaves a Durable Object is logged
 * by the platform as a failure of the object; a refused config or a backend that is down is none.
 */
export type Outcome<Value> =
  | Readonly<{ ok: true; value: Value }>
  | Readonly<{ ok: false; error: PlainError }>;

type PlainError = Readonly<{
  code: ErrorCode;
  message: string;
  detail: string | undefined;
  retryAfter: number | undefined;
}>;

/** On the object's side: GatewayErrors become values, everything else stays an exception. */
export async function capture<Value>(work: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { code, message, detail, retryAfter } = error;
    return { ok: false, error: { code, message, detail, retryAfter } };
  }
}

/** On the caller's side: the value, or the GatewayError again. */
export function release<Value>(outcome: Outcome<Value>): Value {
  if (outcome.ok) return outcome.value;
  const { code, message, detail, retryAfter } = outcome.error;
  throw new GatewayError(code, message, {
    ...(detail === undefined ? {} : { detail }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}
