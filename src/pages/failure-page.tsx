import { asGatewayError } from "../core/errors.ts";
import { problemHeaders, statusOf } from "../http/problem.ts";
import { Notice, renderPage } from "./page.tsx";

/** What went wrong, for a person in front of a browser. */
export function renderFailure(thrown: unknown, requestId: string): Promise<Response> {
  const error = asGatewayError(thrown);
  return renderPage({
    title: "That did not work",
    status: statusOf(error.code),
    headers: problemHeaders(error, requestId),
    content: (
      <>
        <h1>That did not work</h1>
        <Notice kind="problem">{error.message}</Notice>
        <p>
          <a href="/me">Go on</a>
        </p>
      </>
    ),
  });
}
