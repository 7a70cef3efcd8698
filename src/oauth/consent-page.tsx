import type { ConsentDescription } from "@cloudflare/workers-oauth-provider";
import type { Visitor } from "../auth/web-session.ts";
import { FormToken, Notice, renderPage } from "../pages/page.tsx";
import { SIGN_IN_PATH } from "../pages/require-visitor.ts";

const SHOWN_NAME = 80;

export type ConsentPage = Readonly<{
  details: ConsentDescription;
  handle: string;
  /** Our own path with the request's query: a wrong password shows this page again. */
  action: string;
  resource: string;
  problem: string | undefined;
  status: 200 | 400 | 403 | 429;
  /** Who is signed in, and says yes with a button alone. */
  visitor: Visitor | undefined;
  /** What the visitor may use; a stranger is told of none. */
  backends: readonly string[];
  mayTypePassword: boolean;
  maySignIn: boolean;
  headers: Headers;
}>;

/** Everything the client said of itself is its own claim: quoted, cut, and called unverified. */
export function renderConsent(page: ConsentPage): Promise<Response> {
  const { details, handle, action, problem, status, headers, visitor } = page;
  const name = `“${shorten(details.clientName)}”`;
  const mayAllow = visitor !== undefined || page.mayTypePassword;
  return renderPage({
    title: "Allow access",
    textOnly: true,
    status,
    headers,
    formTargets: formTargets(details.redirectUri),
    content: (
      <>
        <h1>Allow {name} to use this gateway?</h1>
        {problem === undefined ? "" : <Notice kind="problem">{problem}</Notice>}
        <Claims page={page} name={name} />
        {details.redirectIsLoopback || !/^https?:/i.test(details.redirectUri) ? (
          <p class="notice warned">
            This sends access to an app on your own device. Continue only if you have just started
            signing in from it.
          </p>
        ) : (
          ""
        )}
        <form method="post" action={action}>
          <input type="hidden" name="handle" value={handle} />
          {visitor === undefined ? "" : <Choice visitor={visitor} backends={page.backends} />}
          {page.mayTypePassword ? <Password /> : ""}
          <div class="choice">
            {mayAllow ? (
              <button class="main" name="decision" value="approve">
                Allow
              </button>
            ) : (
              ""
            )}
            <button name="decision" value="deny" formnovalidate>
              Deny
            </button>
          </div>
        </form>
        {visitor === undefined ? "" : <SignedInAs visitor={visitor} next={action} />}
        {page.maySignIn ? (
          <p>
            <a href={`${SIGN_IN_PATH}?${new URLSearchParams({ next: action }).toString()}`}>
              Sign in as somebody else
            </a>{" "}
            to allow it in your own name.
          </p>
        ) : (
          ""
        )}
      </>
    ),
  });
}

function Claims({ page, name }: Readonly<{ page: ConsentPage; name: string }>) {
  const { details, resource } = page;
  return (
    <dl class="card claims">
      <dt>Name it gave itself (unverified)</dt>
      <dd>{name}</dd>
      {details.clientDomain === undefined ? (
        ""
      ) : (
        <>
          <dt>Published by</dt>
          <dd>
            <strong>{details.clientDomain}</strong>
          </dd>
        </>
      )}
      <dt>Access is sent to</dt>
      <dd>
        <strong>{details.redirectHost}</strong>
      </dd>
      <dt>What it may do</dt>
      <dd>See and call every tool behind {resource}</dd>
    </dl>
  );
}

function Password() {
  return (
    <>
      <label for="password">Owner password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        autofocus
      />
    </>
  );
}

/** All is the choice that is made already: a list would have to be kept up by hand. */
function Choice({
  visitor,
  backends,
}: Readonly<{ visitor: Visitor; backends: readonly string[] }>) {
  return (
    <>
      <FormToken visitor={visitor} />
      {backends.length === 0 ? (
        ""
      ) : (
        <fieldset class="scope">
          <legend>What it may use in your name</legend>
          <label class="tick">
            <input type="radio" name="backends" value="all" checked />
            <span>All of my backends, and every one added later</span>
          </label>
          <label class="tick">
            <input type="radio" name="backends" value="some" />
            <span>Only these:</span>
          </label>
          <div class="picks">
            {backends.map((name) => (
              <label class="tick">
                <input type="checkbox" name="backend" value={name} checked />
                <span>{name}</span>
              </label>
            ))}
          </div>
        </fieldset>
      )}
    </>
  );
}

function SignedInAs({ visitor, next }: Readonly<{ visitor: Visitor; next: string }>) {
  const { name, email } = visitor;
  return (
    <form class="aside" method="post" action="/me/sign-out">
      <FormToken visitor={visitor} />
      <input type="hidden" name="next" value={next} />
      <p>
        Signed in as <strong>{name}</strong>
        {email === undefined ? "" : ` (${email})`}. Not you? <button>Sign out</button>
      </p>
    </form>
  );
}

/**
 * Browsers hold the redirect that answers a form to `form-action` as well, so the client's own
 * address must be named. Claude's two domains send the browser on to each other.
 */
function formTargets(redirectUri: string): readonly string[] {
  const { protocol, origin, hostname } = new URL(redirectUri);
  if (protocol !== "https:" && protocol !== "http:") return [protocol];
  if (hostname === "claude.ai" || hostname === "claude.com") {
    return ["https://claude.ai", "https://claude.com"];
  }
  // CSP has no notation for IPv6 hosts, and in others a host may have what ends a directive.
  return /[^a-z0-9.-]/.test(hostname) ? [protocol] : [origin];
}

/** Without characters that are not seen: some turn the text around them the other way. */
function shorten(name: string): string {
  const seen = name.replaceAll(/[\p{Cc}\p{Cf}]/gu, "");
  return seen.length > SHOWN_NAME ? `${seen.slice(0, SHOWN_NAME)}…` : seen;
}
