import { Notice, renderPage } from "../pages/page.tsx";

export type OAuthProblem = Readonly<{
  status: number;
  /** An OAuth error code (RFC 6749 section 4.1.2.1). */
  code: string;
  /** One sentence, without a full stop. */
  message: string;
  retryAfter?: number;
}>;

/**
 * A refusal shown here, for whoever made the request: a redirect is only for a client and address
 * that were verified (RFC 6749 section 4.1.2.1). JSON for a program that asks for it.
 */
export async function renderProblem(request: Request, problem: OAuthProblem): Promise<Response> {
  const { status, code, message, retryAfter } = problem;
  const headers = new Headers({ "cache-control": "no-store" });
  if (retryAfter !== undefined) headers.set("retry-after", String(Math.ceil(retryAfter)));
  const accept = request.headers.get("accept") ?? "";
  if (accept.includes("application/json") && !accept.includes("text/html")) {
    return Response.json({ error: code, error_description: message }, { status, headers });
  }
  return renderPage({
    title: "Cannot sign in",
    textOnly: true,
    status,
    headers,
    content: (
      <>
        <h1>Cannot sign in</h1>
        <Notice kind="problem">{message}</Notice>
        <p>Close this page and start again from the app you want to connect.</p>
      </>
    ),
  });
}
