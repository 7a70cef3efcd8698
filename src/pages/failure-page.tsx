import { asGatewayError, GatewayError } from "../core/errors.ts";
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

/** For a path that no surface has: a page where somebody reads it, and else a line. */
export function renderNotThere(request: Request, requestId: string): Promise<Response> | Response {
  const isRead = request.headers.get("accept")?.includes("text/html") === true;
  if (!isRead) return new Response("404 Not Found", { status: 404 });
  return renderFailure(
    new GatewayError("not_found", "Cannot open this page: there is no such page"),
    requestId,
  );
}
