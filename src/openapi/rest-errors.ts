import type { ErrorCode, GatewayError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import { problemHeaders, statusOf } from "../http/problem.ts";
import { ArgumentsRefused } from "./arguments-refused.ts";
import { type Finer, RestRefusal } from "./rest-refusal.ts";

/** Where a status differs from the one every surface of ours gives: FastAPI's for what does not fit. */
const STATUS: Partial<Record<ErrorCode, number>> = { invalid_params: 422 };

/** What mcpo says in one word instead of an object. */
const MCPO_WORDS: Partial<Record<ErrorCode, string>> = {
  not_found: "Not Found",
  method_not_allowed: "Method Not Allowed",
};

/** Models read the whole body: an error is a message, never a page. */
const MAX_MESSAGE = 16_384;
/** As JSON: more is not meant for an error. */
const MAX_DATA = 8_192;

/** What is told of a call that failed, in the frame of mcpo. */
export type Failing = Readonly<{
  requestId: string;
  /** The backend and tool the call was for, where the caller may know of them. */
  server?: string;
  tool?: string;
  compat: boolean;
  headers?: Readonly<Record<string, string>>;
}>;

/** Short and plain: Open WebUI gives the whole body to its model. */
export function restErrorResponse(error: GatewayError, failing: Failing): Response {
  const finer = error instanceof RestRefusal ? error.finer : {};
  return Response.json(
    { detail: failing.compat ? mcpoDetail(error, finer) : detailOf(error, finer, failing) },
    {
      status: finer.status ?? STATUS[error.code] ?? statusOf(error.code),
      headers: {
        ...problemHeaders(error, failing.requestId),
        ...finer.headers,
        ...failing.headers,
      },
    },
  );
}

function detailOf(
  error: GatewayError,
  { code = error.code, authorizationUrl, data }: Finer,
  { requestId, server, tool }: Failing,
): unknown {
  if (error instanceof ArgumentsRefused) return error.problems;
  return {
    message: shown(error.message),
    code,
    server,
    tool,
    request_id: requestId,
    authorization_url: authorizationUrl,
    data: shownData(data),
  };
}

function mcpoDetail(error: GatewayError, { mcpo = MCPO_WORDS[error.code], data }: Finer): unknown {
  if (error instanceof ArgumentsRefused) return error.problems;
  if (mcpo !== undefined) return mcpo;
  return { message: shown(error.message), data: shownData(data) };
}

function shownData(data: JsonValue | undefined): JsonValue | undefined {
  return data === undefined || JSON.stringify(data).length > MAX_DATA ? undefined : data;
}

function shown(message: string): string {
  if (message.length <= MAX_MESSAGE) return message;
  return `${message.slice(0, MAX_MESSAGE)}… (${message.length - MAX_MESSAGE} more characters)`;
}
