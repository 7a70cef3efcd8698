import type { ErrorCode, GatewayError } from "../core/errors.ts";
import { problemHeaders, statusOf } from "../http/problem.ts";
import { ArgumentsRefused } from "./arguments-refused.ts";

/** Where the status of an error differs from that of our other surfaces. */
const STATUS: Partial<Record<ErrorCode, number>> = { invalid_params: 422 };

/** What is told of a call that failed, in the frame of mcpo. */
export type Failing = Readonly<{
  requestId: string;
  /** The backend and tool the call was for, where they are known. */
  server?: string;
  tool?: string;
  compat: boolean;
  headers?: Readonly<Record<string, string>>;
}>;

/** Short and plain: Open WebUI gives the whole body to its model. */
export function restErrorResponse(
  error: GatewayError,
  { requestId, server, tool, headers = {} }: Failing,
): Response {
  const detail =
    error instanceof ArgumentsRefused
      ? error.problems
      : { message: error.message, code: error.code, server, tool, request_id: requestId };
  return Response.json(
    { detail },
    {
      status: STATUS[error.code] ?? statusOf(error.code),
      headers: { ...problemHeaders(error, requestId), ...headers },
    },
  );
}
