// Keeps the newest events in sight: waits for new ones, and takes the list from the page anew.

/** Between two looks: a busy gateway has news at once, and a person reads no faster. */
const REST_MS = 2_000;
/** After a failure; the gateway may be restarting. */
const RETRY_MS = 10_000;

const toggle = find("toggle");
const status = find("status");
let isLive = true;
/** @type {number | undefined} */
let last;

/** @param {string} part */
function find(part) {
  const found = document.querySelector(`[data-live=${part}]`);
  return found instanceof HTMLElement ? found : null;
}

/** @param {number} ms */
function rest(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function look() {
  const query = last === undefined ? "" : `?since=${last}&limit=1`;
  const answer = await fetch(`/admin/api/audit/live${query}`, { cache: "no-store" });
  if (answer.status === 401 || answer.status === 403) return stop("Sign in again to go on");
  if (!answer.ok) throw new Error(String(answer.status));
  const { last: newest } = await answer.json();
  const isNew = last === undefined ? newest > shownNewest() : newest > last;
  last = newest;
  if (isNew && isLive) await renew();
}

function shownNewest() {
  return Number(document.querySelector("[data-newest]")?.getAttribute("data-newest") ?? 0);
}

async function renew() {
  const page = await fetch(location.href, { cache: "no-store" });
  if (!page.ok || page.redirected) throw new Error("no page");
  const text = await page.text();
  // Scripts in a document that was parsed like this never run; its style has the nonce of another
  // page and would be refused.
  const body = text.slice(text.indexOf("<body"));
  const next = new DOMParser().parseFromString(body, "text/html");
  const events = next.querySelector("#events");
  if (events === null) return;
  document.querySelector("#events")?.replaceWith(document.adoptNode(events));
}

/** @param {string} why */
function stop(why) {
  isLive = false;
  toggle?.setAttribute("aria-pressed", "false");
  status?.replaceChildren(why);
}

async function run() {
  for (;;) {
    if (!isLive || document.hidden) {
      await rest(REST_MS);
      continue;
    }
    try {
      await look();
      await rest(REST_MS);
    } catch {
      await rest(RETRY_MS);
    }
  }
}

toggle?.addEventListener("click", () => {
  isLive = !isLive;
  toggle.setAttribute("aria-pressed", String(isLive));
  status?.replaceChildren(isLive ? "" : "Paused");
});

toggle?.removeAttribute("hidden");
find("reload")?.setAttribute("hidden", "");
void run();
