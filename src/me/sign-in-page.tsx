import { Hono } from "hono";
import { isFromAnotherSite, type OwnerVerdict } from "../auth/owner.ts";
import type { PasswordSignInVerdict } from "../auth/password-sign-in.ts";
import { OWNER_ID } from "../auth/user-id.ts";
import { GatewayError } from "../core/errors.ts";
import { readForm } from "../http/form-body.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { Notice, renderPage } from "../pages/page.tsx";
import { isPlainPath } from "../pages/plain-path.ts";
import { readOwnForm, seeOther, SIGN_IN_PATH, UNSENT } from "../pages/require-visitor.ts";
import type { MeNeeds } from "./me-needs.ts";
import { ProviderLinks, type ProviderLink } from "./provider-links.tsx";
import { wayOn } from "./way-on.ts";

/** `/me/sign-in` and `/me/sign-out`. */
export function createSignInRoutes(needs: MeNeeds): Hono {
  const routes = new Hono();

  /** What the page offers: who is invited already, and who signs in elsewhere. */
  async function show(
    context: Readonly<{ waitUntil: (work: Promise<unknown>) => void }>,
    shown: Shown,
  ): Promise<Response> {
    const { config, users } = await needs.snapshots.current(context);
    return renderSignIn({
      ...shown,
      hasPeople: Object.keys(users).length > 0,
      providers: config.signIn.providers,
    });
  }

  routes.get(SIGN_IN_PATH, (c) =>
    show(needs.contextOf(c.req.raw, c.executionCtx), {
      next: wayOn(c.req.query("next")),
      email: "",
      status: 200,
      isUnsent: c.req.query(UNSENT) !== undefined,
    }),
  );

  routes.post(SIGN_IN_PATH, async (c) => {
    const request = c.req.raw;
    if (isFromAnotherSite(request, requireOwnOrigin(needs.ownOrigin, request))) {
      throw new GatewayError("forbidden", "Cannot sign in from another site");
    }
    const form = await readForm(request);
    const next = wayOn(form.get("next") ?? undefined);
    const email = (form.get("email") ?? "").trim();
    const password = form.get("password") ?? "";
    // The owner has no address here: nobody can be it by owning one.
    const verdict =
      email === ""
        ? await needs.owner.check(password, request)
        : await needs.passwords({ email, password }, request);
    if (verdict.kind !== "owner" && verdict.kind !== "person") {
      const context = needs.contextOf(request, c.executionCtx);
      return show(context, { next, email, ...refusal(verdict) });
    }
    const userId = verdict.kind === "owner" ? OWNER_ID : verdict.userId;
    return seeOther(next, { "set-cookie": await needs.sessions.begin(userId, request) });
  });

  routes.post("/me/sign-out", async (c) => {
    const request = c.req.raw;
    const context = needs.contextOf(request, c.executionCtx);
    const visitor = await needs.sessions.find(request, context);
    let next: string | undefined;
    if (visitor !== undefined) {
      const ownOrigin = requireOwnOrigin(needs.ownOrigin, request);
      const form = await readOwnForm(request, { visitor, ownOrigin });
      next = form.get("next") ?? undefined;
    }
    const location =
      next !== undefined && isPlainPath(next)
        ? `${SIGN_IN_PATH}?next=${encodeURIComponent(next)}`
        : SIGN_IN_PATH;
    return seeOther(location, { "set-cookie": await needs.sessions.end(request, context) });
  });

  return routes;
}

type Shown = Readonly<{
  next: string;
  /** As it was typed: a wrong password is no reason to type it again. */
  email: string;
  status: number;
  problem?: string;
  retryAfter?: number;
  /** They sent a form that could not be taken any more. */
  isUnsent?: boolean;
}>;

type Refused = Exclude<OwnerVerdict | PasswordSignInVerdict, { kind: "owner" | "person" }>;

function refusal(verdict: Refused): Pick<Shown, "status" | "problem" | "retryAfter"> {
  switch (verdict.kind) {
    case "wrong":
      return { status: 403, problem: "Wrong password" };
    case "wait":
      return {
        status: 429,
        problem: "Too many attempts: try again in a few minutes",
        retryAfter: verdict.seconds,
      };
    case "disabled":
      return { status: 403, problem: "OWNER_PASSWORD is not set on this gateway" };
    default:
      throw new TypeError(`unknown verdict ${JSON.stringify(verdict satisfies never)}`);
  }
}

type SignInPage = Shown & Readonly<{ hasPeople: boolean; providers: readonly ProviderLink[] }>;

function renderSignIn(page: SignInPage): Promise<Response> {
  const { next, email, status, problem, retryAfter, isUnsent = false, hasPeople, providers } = page;
  return renderPage({
    title: "Sign in",
    status,
    ...(retryAfter === undefined ? {} : { headers: { "retry-after": String(retryAfter) } }),
    content: (
      <>
        <h1>Sign in</h1>
        {problem === undefined ? "" : <Notice kind="problem">{problem}</Notice>}
        {isUnsent ? (
          <Notice kind="problem">
            Your session had ended: what you have just sent was not stored. Sign in and do it again
          </Notice>
        ) : (
          ""
        )}
        <ProviderLinks providers={providers} query={{ next }} />
        <form method="post" action={SIGN_IN_PATH}>
          <input type="hidden" name="next" value={next} />
          {hasPeople ? (
            <>
              <label for="email">Mail address</label>
              <input
                id="email"
                name="email"
                type="email"
                autocomplete="username"
                value={email}
                aria-describedby="email-hint"
              />
              <p class="hint" id="email-hint">
                Leave it empty to sign in as the owner.
              </p>
            </>
          ) : (
            ""
          )}
          <label for="password">{hasPeople ? "Password" : "Owner password"}</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
          <p class="bar">
            <button class="main">Sign in</button>
          </p>
        </form>
      </>
    ),
  });
}
