import { showInvisible } from "../catalog/invisible-text.ts";
import type { Child } from "hono/jsx";
import { diffTools, type ToolChange } from "../catalog/tool-diff.ts";
import type { ToolReview, ToolVerdict } from "../catalog/tool-review.ts";

/** One page shows as many, and one form holds their verdicts; who has more waiting sends it again. */
const MAX_AT_ONCE = 200;

type Reviews = Readonly<{ reviews: readonly ToolReview[]; path: string; form: Child }>;

const KINDS: Readonly<Record<ToolReview["kind"], string>> = {
  new: "new",
  changed: "changed",
  suspicious: "suspicious",
};

/** What somebody has to look at before clients get it. */
export function ToolReviews({ reviews, path, form }: Reviews) {
  if (reviews.length === 0) return "";
  const waiting = reviews.filter(({ refused }) => !refused).slice(0, MAX_AT_ONCE);
  // A backend may have thousands, each with a megabyte of changes: those that wait come first.
  const shown = [...waiting, ...reviews.filter(({ refused }) => refused)].slice(0, MAX_AT_ONCE);
  const more = reviews.length - shown.length;
  return (
    <section aria-labelledby="reviews">
      <h2 id="reviews">To review</h2>
      <p class="hint">
        What this backend says otherwise than when it was approved. Until you decide, clients get
        what was approved, or nothing where that is not there any more; a backend whose{" "}
        <code>trust</code> is “warn” is served as it is.
      </p>
      {waiting.length < 2 ? (
        ""
      ) : (
        <form method="post" action={`${path}/reviews`} class="bar">
          {form}
          {waiting.map((review) => (
            <input type="hidden" name="verdict" value={verdictText(review, "approve")} />
          ))}
          <button>Approve all {waiting.length}</button>
        </form>
      )}
      {shown.map((review) => (
        <Review review={review} path={path} form={form} />
      ))}
      {more === 0 ? "" : <p class="hint">{more} more come here when these are decided.</p>}
    </section>
  );
}

type OneReview = Readonly<{ review: ToolReview; path: string; form: Child }>;

function Review({ review, path, form }: OneReview) {
  const { name, kind, approved, now, findings, renamedFrom, refused } = review;
  const { changes, more } = diffTools(approved, now);
  return (
    <article class="card review">
      <h3>
        <code>{showInvisible(name)}</code> <span class="badge warn">{KINDS[kind]}</span>
        {refused ? <span class="badge bad">refused</span> : ""}
      </h3>
      {renamedFrom === undefined ? (
        ""
      ) : (
        <p>
          The same as <code>{showInvisible(renamedFrom)}</code>, which is gone: it was renamed.
        </p>
      )}
      {findings.length === 0 ? (
        ""
      ) : (
        <ul class="bad">
          {findings.map((finding) => (
            <li>{showInvisible(finding)}</li>
          ))}
        </ul>
      )}
      {changes.length === 0 ? "" : <Changes changes={changes} />}
      {more === 0 ? "" : <p class="bad">And {more} more changes, which are not shown here.</p>}
      <form method="post" action={`${path}/reviews`} class="bar">
        {form}
        <button class="main" name="verdict" value={verdictText(review, "approve")}>
          Approve<span class="unseen"> {showInvisible(name)}</span>
        </button>
        {refused ? (
          ""
        ) : (
          <button class="danger" name="verdict" value={verdictText(review, "refuse")}>
            Refuse<span class="unseen"> {showInvisible(name)}</span>
          </button>
        )}
      </form>
    </article>
  );
}

const SAID: Readonly<Record<ToolChange["kind"], string>> = {
  added: "new",
  removed: "gone",
  changed: "changed",
};

/** What is marked is also said: colours and lines are not heard. */
function Changes({ changes }: Readonly<{ changes: readonly ToolChange[] }>) {
  return (
    <dl class="changes">
      {changes.map(({ path, kind, parts }) => (
        <>
          <dt>
            <code>{path}</code> <small>{SAID[kind]}</small>
          </dt>
          <dd>
            {parts.map((part) =>
              part.kind === "same" ? (
                part.text
              ) : part.kind === "new" ? (
                <ins>
                  <span class="unseen"> now: </span>
                  {part.text}
                </ins>
              ) : (
                <del>
                  <span class="unseen"> before: </span>
                  {part.text}
                </del>
              ),
            )}
          </dd>
        </>
      ))}
    </dl>
  );
}

function verdictText({ name, hash }: ToolReview, verdict: ToolVerdict["verdict"]): string {
  return JSON.stringify({ name, hash, verdict } satisfies ToolVerdict);
}
