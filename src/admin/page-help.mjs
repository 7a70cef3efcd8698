// What the owner's pages are better with: finding in a list, and saying that a form is under way.

document.addEventListener("input", ({ target }) => {
  if (!(target instanceof HTMLInputElement) || target.dataset.find === undefined) return;
  const words = target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of document.getElementById(target.dataset.find)?.children ?? []) {
    const text = (row.textContent ?? "").toLowerCase();
    row.toggleAttribute("hidden", !words.every((word) => text.includes(word)));
  }
});

// Enter in the field that finds must not send the form around it.
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  const isFind = target instanceof HTMLInputElement && target.dataset.find !== undefined;
  if (isFind && key === "Enter") event.preventDefault();
});

document.addEventListener("submit", ({ target }) => {
  if (!(target instanceof HTMLFormElement) || target.dataset.busy === undefined) return;
  const line = target.querySelector("[data-busy-text]");
  line?.replaceChildren(line.getAttribute("data-busy-text") ?? "");
  // After the form was read: a button that is off sends no value.
  setTimeout(() => setOff(target, true));
});

// Back in the history, the page is as it was left.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-busy]")) {
    form.querySelector("[data-busy-text]")?.replaceChildren();
    setOff(form, false);
  }
});

/**
 * @param {Element} form
 * @param {boolean} isOff
 */
function setOff(form, isOff) {
  for (const button of form.querySelectorAll("button")) button.disabled = isOff;
}

/** A backend that is being connected: as long as a handshake may take, and while nothing is typed. */
const LOOKS = 15;
const LOOK_MS = 2_000;
let isTyped = false;
document.addEventListener("input", () => (isTyped = true));

async function awaitConnected() {
  if (document.querySelector("h1 [data-state=connecting]") === null) return;
  for (let look = 0; look < LOOKS; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (document.hidden) continue;
    const { pathname } = location;
    const page = await fetch(pathname, { cache: "no-store" });
    if (!page.ok || page.redirected || isTyped) return;
    if (!(await page.text()).includes('data-state="connecting"')) return location.replace(pathname);
  }
}
void awaitConnected().catch(() => {}); // whoever wants to know reloads

for (const part of document.querySelectorAll(".find")) part.removeAttribute("hidden");
