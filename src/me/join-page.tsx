import { Hono } from "hono";
import { attemptSource } from "../auth/attempt-source.ts";
import { JOIN_PATH } from "../auth/invitations.ts";
import { isFromAnotherSite } from "../auth/owner.ts";
import { hashPassword, MIN_PASSWORD } from "../auth/password.ts";
import { userIdOf } from "../auth/user-store.ts";
import type { UserRecord } from "../config/user-record.ts";
import { GatewayError } from "../core/errors.ts";
import { readForm } from "../http/form-body.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { Notice, renderPage } from "../pages/page.tsx";
import { seeOther } from "../pages/require-visitor.ts";
import type { MeNeeds } from "./me-needs.ts";
import { ProviderLinks, type ProviderLink } from "./provider-links.tsx";

/** A code has 256 bits: this is against being kept busy, not against guessing. */
const PAGES_PER_SOURCE = { limit: 60, windowMs: 10 * 60 * 1_000 };

/** `/me/join`: where an invitation leads. Its code is a secret, so no page it leads to is told. */
export function createJoinRoutes(needs: MeNeeds): Hono {
  const { invitations, sessions, snapshots } = needs;
  const routes = new Hono();

  async function requireInvited(request: Request, code: string): Promise<UserRecord> {
    const bucket = `join:${attemptSource(request)}`;
    const verdict = await needs.registry().countAttempt({ bucket, ...PAGES_PER_SOURCE });
    if (!verdict.allowed) {
      const { retryAfter } = verdict;
      throw new GatewayError("rate_limited", "Cannot open the invitation: too many attempts", {
        retryAfter,
      });
    }
    const user = await invitations.find(code);
    if (user !== undefined) return user;
    throw new GatewayError(
      "not_found",
      "Cannot open the invitation: it was used or has ended, ask for a new one",
    );
  }

  routes.get(JOIN_PATH, async (c) => {
    const code = c.req.query("code") ?? "";
    const user = await requireInvited(c.req.raw, code);
    const { config } = await snapshots.current(needs.contextOf(c.req.raw, c.executionCtx));
    return renderJoin({ user, code, providers: config.signIn.providers });
  });

  routes.post(JOIN_PATH, async (c) => {
    const request = c.req.raw;
    if (isFromAnotherSite(request, requireOwnOrigin(needs.ownOrigin, request))) {
      throw new GatewayError("forbidden", "Cannot accept an invitation from another site");
    }
    const form = await readForm(request);
    const code = form.get("code") ?? "";
    const user = await requireInvited(request, code);
    const { config } = await snapshots.current(needs.contextOf(request, c.executionCtx));
    const { providers } = config.signIn;
    if (user.email === undefined) {
      throw new GatewayError(
        "invalid_params",
        "Cannot set a password: you have no mail address here to sign in with, ask for one",
      );
    }
    const password = form.get("password") ?? "";
    if (password !== form.get("repeated")) {
      return renderJoin({ user, code, providers, problem: "The two passwords are not the same" });
    }
    let hashed: string;
    try {
      hashed = await hashPassword(password);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return renderJoin({ user, code, providers, problem: error.message });
    }
    const joined = userIdOf(await invitations.accept(code, () => ({ password: hashed })));
    await sessions.endAll(joined); // the invitation may stand for a password that was lost
    return seeOther("/me", { "set-cookie": await sessions.begin(joined, request) });
  });

  return routes;
}

type JoinPage = Readonly<{
  user: UserRecord;
  code: string;
  providers: readonly ProviderLink[];
  problem?: string;
}>;

function renderJoin({ user, code, providers, problem }: JoinPage): Promise<Response> {
  const { name, email } = user;
  return renderPage({
    title: "Welcome",
    status: problem === undefined ? 200 : 400,
    content: (
      <>
        <h1>Welcome, {name}</h1>
        {problem === undefined ? "" : <Notice kind="problem">{problem}</Notice>}
        <p>
          You are invited to this MCP gateway. Choose how you sign in from now on; this link works
          once.
        </p>
        <ProviderLinks providers={providers} query={{ invitation: code }} />
        {email === undefined ? (
          <p class="hint">
            To sign in with a password you need a mail address here: ask whoever invited you to add
            it.
          </p>
        ) : (
          <form method="post" action={JOIN_PATH}>
            <input type="hidden" name="code" value={code} />
            <label for="email">Mail address</label>
            <input id="email" type="email" autocomplete="username" value={email} readonly />
            <label for="password">A new password</label>
            <input
              id="password"
              name="password"
              type="password"
              autocomplete="new-password"
              minlength={MIN_PASSWORD}
              required
              aria-describedby="password-hint"
            />
            <p class="hint" id="password-hint">
              At least {MIN_PASSWORD} characters.
            </p>
            <label for="repeated">The same again</label>
            <input
              id="repeated"
              name="repeated"
              type="password"
              autocomplete="new-password"
              required
            />
            <p class="bar">
              <button class="main">Join</button>
            </p>
          </form>
        )}
      </>
    ),
  });
}
