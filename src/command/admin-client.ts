import * as z from "zod";
import { readBoundedText } from "../core/bounded-read.ts";
import { GatewayError } from "../core/errors.ts";
import { CommandFailure, EXIT_UNREACHED } from "../shell/command-failure.ts";
import { parseGatewayAddress } from "../shell/gateway-address.ts";
import { oneLine } from "../shell/terminal.ts";

/** A config that starts backends is stored at once; only a broken gateway takes longer. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A config may have half of it, a status of hundreds of backends about as much. */
const MAX_ANSWER = 4 * 1024 * 1024;

const problem = z.looseObject({ error: z.looseObject({ message: z.string() }) });

export type AdminRequest<Answer> = Readonly<{
  /** What it is for, after "Cannot". */
  what: string;
  path: string;
  answer: z.ZodType<Answer>;
  method?: "GET" | "PUT" | "POST" | "DELETE";
  headers?: Readonly<Record<string, string>>;
  body?: string;
}>;

/** Throws `CommandFailure` with what the gateway says, or why it says nothing. */
export type AdminClient = <Answer>(request: AdminRequest<Answer>) => Promise<Answer>;

export function readAdminAddress(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (flag !== undefined) return parseGatewayAddress("--gateway", flag).base;
  const named = env["GATEWAY_URL"]?.trim() ?? "";
  if (named !== "") return parseGatewayAddress("GATEWAY_URL", named).base;
  throw new CommandFailure("Cannot tell which gateway: set GATEWAY_URL or give --gateway");
}

/** Asks a gateway as whoever `authorization` says. */
export function createAdminClient(base: string, authorization: string): AdminClient {
  return async ({ what, path, answer, method = "GET", headers = {}, body }) => {
    const unreached = (reason: string, cause?: unknown): CommandFailure =>
      new CommandFailure(`Cannot ${what}: ${oneLine(reason, 300)}`, EXIT_UNREACHED, { cause });
    let status: number;
    let json: unknown;
    try {
      const response = await fetch(`${base}${path}`, {
        method,
        headers: { accept: "application/json", ...headers, authorization },
        ...(body === undefined ? {} : { body }),
        // The password is for this address alone.
        redirect: "manual",
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      ({ status } = response);
      json = readJson(await readBoundedText(response, MAX_ANSWER, "the answer"));
    } catch (error) {
      throw unreached(reasonOf(base, error), error);
    }
    if (status >= 200 && status < 300) {
      const parsed = answer.safeParse(json);
      if (parsed.success) return parsed.data;
      throw unreached(`${base} does not answer as a gateway does`);
    }
    const refused = problem.safeParse(json);
    if (!refused.success) throw unreached(`${base} answered ${status}, not as a gateway does`);
    const message = oneLine(refused.data.error.message, 600);
    throw new CommandFailure(message, isAboutRequest(status) ? undefined : EXIT_UNREACHED);
  };
}

function reasonOf(base: string, error: unknown): string {
  if (error instanceof GatewayError) return error.message;
  if (!(error instanceof Error)) return `${base} cannot be reached`;
  if (error.name === "TimeoutError") {
    return `${base} did not answer within ${REQUEST_TIMEOUT_MS / 1_000} s`;
  }
  const reason = error.cause instanceof Error ? error.cause.message : error.message;
  return `${base} cannot be reached: ${reason}`;
}

export function asOwner(password: string): string {
  return `Basic ${Buffer.from(`owner:${password}`).toString("base64")}`;
}

/** What was asked for is wrong, and the same again would be. */
function isAboutRequest(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 421, 429].includes(status);
}

function readJson(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined; // the caller says what it was
  }
}
