import { Hono } from "hono";
import { isFromAnotherSite } from "../auth/owner.ts";
import { OWNER_ID } from "../auth/user-id.ts";
import { GatewayError } from "../core/errors.ts";
import { readForm } from "../http/form-body.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { Notice, renderPage } from "../pages/page.tsx";
import { isPlainPath } from "../pages/plain-path.ts";
import { readOwnForm, seeOther, SIGN_IN_PATH } from "../pages/require-visitor.ts";
import type { MeNeeds } from "./me-needs.ts";

const HOME = "/me";

/** `/me/sign-in` and `/me/sign-out`. */
export function createSignInRoutes(needs: MeNeeds): Hono {
  const routes = new Hono();

  routes.get(SIGN_IN_PATH, (c) => show(nextOf(c.req.query("next")), { status: 200 }));

  routes.post(SIGN_IN_PATH, async (c) => {
    const request = c.req.raw;
    if (isFromAnotherSite(request, requireOwnOrigin(needs.ownOrigin, request))) {
      throw new GatewayError("forbidden", "Cannot sign in from another site");
    }
    const form = await readForm(request);
    const next = nextOf(form.get("next") ?? undefined);
    const verdict = await needs.owner.check(form.get("password") ?? "", request);
    if (verdict.kind !== "owner") return show(next, refusals[verdict.kind]);
    const cookie = await needs.sessions.begin(OWNER_ID, request);
    return seeOther(next, { "set-cookie": cookie });
  });

  routes.post("/me/sign-out", async (c) => {
    const request = c.req.raw;
    const context = needs.contextOf(request, c.executionCtx);
    const visitor = await needs.sessions.find(request, context);
    if (visitor !== undefined) {
      const ownOrigin = requireOwnOrigin(needs.ownOrigin, request);
      await readOwnForm(request, { visitor, ownOrigin });
    }
    return seeOther(SIGN_IN_PATH, { "set-cookie": await needs.sessions.end(request, context) });
  });

  return routes;
}

type Shown = Readonly<{ status: number; problem?: string }>;

const refusals: Readonly<Record<"wrong" | "wait" | "disabled", Shown>> = {
  wrong: { status: 403, problem: "Wrong password" },
  wait: { status: 429, problem: "Too many attempts: try again in a few minutes" },
  disabled: { status: 403, problem: "OWNER_PASSWORD is not set on this gateway" },
};

function show(next: string, { status, problem }: Shown): Promise<Response> {
  return renderPage({
    title: "Sign in",
    status,
    content: (
      <>
        <h1>Sign in</h1>
        {problem === undefined ? "" : <Notice kind="problem">{problem}</Notice>}
        <form method="post" action={SIGN_IN_PATH}>
          <input type="hidden" name="next" value={next} />
          <label for="password">Owner password</label>
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

function nextOf(text: string | undefined): string {
  return text !== undefined && isPlainPath(text) ? text : HOME;
}
