// The page: signing in, finding, opening. Everything is listened to at the document, so that parts
// of it can be put in place of others.
import { saveFile } from "./docs-result.mjs";
import {
  cancelRun,
  copyCurl,
  messageOf,
  prepareForm,
  request,
  runTool,
  session,
  toggleJson,
} from "./docs-run.mjs";
import { isJson } from "./docs-values.mjs";

const STORED_KEY = "docs-key";
/** What may stand in a header. */
const KEY_TEXT = /^[!-~]+$/;

/**
 * Asked for the key while a tool waited to be run.
 * @type {HTMLFormElement | undefined}
 */
let waiting;

const here = () => location.pathname + location.search;
/** The address of what is shown, which a step back in the history is not yet. */
let shown = here();

/** @param {string} selector */
function find(selector) {
  const found = document.querySelector(selector);
  return found instanceof HTMLElement ? found : null;
}

/** Whether requests of this page carry a credential. */
function isSignedIn() {
  return session.key !== undefined || find("main")?.dataset.signedIn === "true";
}

/** @param {string} text */
function tellProblem(text) {
  const dialog = find("dialog[open]");
  (
    dialog?.querySelector("#key-problem") ??
    find("#page-problem") ??
    find("#key-problem")
  )?.replaceChildren(text);
}

/**
 * Shows a page of ours in place of this one, so that the key stays in memory.
 * @param {string} address
 */
async function openPage(address) {
  const response = await request(address, { headers: { Accept: "text/html" } });
  const text = await response.text();
  if (!response.ok) throw new Error(problemOf(response, text), { cause: response.status });
  if (!isOurs(response)) {
    document.body.replaceChildren(
      Object.assign(document.createElement("pre"), { textContent: text }),
    );
    return;
  }
  // Scripts in a document that was parsed like this never run; its style has the nonce of another
  // page and would be refused, and is here already.
  const next = new DOMParser().parseFromString(text.slice(text.indexOf("<body")), "text/html");
  shown = address;
  document.title = next.body.dataset.title ?? "";
  document.body.replaceWith(document.adoptNode(next.body));
  begin();
  find("h1")?.focus();
}

/**
 * Whether an answer is a page of ours. A resource can be HTML too: put in here, its buttons would act
 * with the reader's key. Nothing of a backend's making says that it may not be framed.
 * @param {Response} response
 */
function isOurs({ headers }) {
  const isHtml = headers.get("content-type")?.startsWith("text/html") ?? false;
  return isHtml && headers.get("x-frame-options") === "DENY";
}

/**
 * @param {Response} response
 * @param {string} text
 */
function problemOf({ status }, text) {
  if (status === 401) return "The gateway does not know this key";
  const message = isJson(text) ? JSON.parse(text)?.detail?.message : undefined;
  return String(message ?? `The gateway answered ${status}`);
}

/** @param {HTMLFormElement} form */
async function signIn(form) {
  const [input, remember] = form.querySelectorAll("input");
  const button = form.querySelector("button");
  const before = session.key;
  // What everybody may see stays, with all that was typed into it; another key sees other tools.
  const isKept = form.closest("dialog") !== null && !isSignedIn();
  const typed = input?.value.trim() ?? "";
  if (!KEY_TEXT.test(typed)) return tellProblem("This is no key: it has characters no key has");
  session.key = typed;
  if (button) button.disabled = true;
  try {
    await (isKept ? checkKey() : openPage(here()));
    storeKey(remember?.checked ? session.key : undefined);
    closeDialog();
  } catch (error) {
    session.key = before;
    tellProblem(messageOf(error));
    input?.select();
  } finally {
    if (button) button.disabled = false;
  }
}

async function checkKey() {
  const response = await request(location.pathname, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(problemOf(response, ""));
}

function closeDialog() {
  const dialog = find("dialog[open]");
  if (!(dialog instanceof HTMLDialogElement)) return;
  const form = waiting;
  waiting = undefined;
  dialog.close();
  dialog.querySelector("form")?.reset();
  begin();
  if (form) void runTool(form);
}

/** @param {HTMLFormElement | undefined} form */
function askKey(form) {
  waiting = form;
  const dialog = find("#ask");
  if (!(dialog instanceof HTMLDialogElement)) return;
  dialog.showModal();
  tellProblem("");
}

/**
 * In this tab only; where storage is switched off, a key lasts as long as the page.
 * @param {string | undefined} key
 */
function storeKey(key) {
  try {
    if (key === undefined) sessionStorage.removeItem(STORED_KEY);
    else sessionStorage.setItem(STORED_KEY, key);
  } catch {
    // the key is in memory all the same
  }
}

function storedKey() {
  try {
    return sessionStorage.getItem(STORED_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} address */
async function downloadDocument(address) {
  const response = await request(address, { headers: { Accept: "application/json" } });
  const text = await response.text();
  if (!response.ok) throw new Error(problemOf(response, text));
  saveFile(text, "application/json", "openapi.json");
}

/** Shows what a script is needed for, and the tool the address names. */
function begin() {
  document.documentElement.classList.add("live");
  const isPage = find("#find") !== null;
  for (const part of document.querySelectorAll(".find, [data-do=key]")) {
    part.toggleAttribute("hidden", !isPage);
  }
  find("[data-do=forget]")?.toggleAttribute("hidden", session.key === undefined);
  openNamed();
}

function openNamed() {
  const named = document.getElementById(`tool-${decodedName(location.hash.slice(1))}`);
  if (!(named instanceof HTMLDetailsElement)) return;
  named.open = true;
  named.scrollIntoView();
}

/** @param {string} text */
function decodedName(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // whoever made the address wrote what no encoding is
  }
}

/** @param {string} words */
function filterTools(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const tool of document.querySelectorAll(".tool")) {
    const text = textOf(tool);
    const isShown = wanted.every((word) => text.includes(word));
    tool.toggleAttribute("hidden", !isShown);
    if (isShown) left += 1;
  }
  for (const section of document.querySelectorAll("section")) {
    const isEmpty = section.querySelector(".tool:not([hidden])") === null;
    section.toggleAttribute("hidden", wanted.length > 0 && isEmpty);
  }
  find("#found")?.replaceChildren(left === 1 ? "1 tool" : `${left} tools`);
}

/** @type {WeakMap<Element, string>} */
const texts = new WeakMap();

/** @param {Element} tool */
function textOf(tool) {
  const known = texts.get(tool);
  if (known !== undefined) return known;
  const parts = tool.querySelectorAll("summary, .prose, th label");
  const text = [...parts]
    .map((part) => part.textContent)
    .join(" ")
    .toLowerCase();
  texts.set(tool, text);
  return text;
}

/**
 * @param {string} action
 * @param {HTMLElement} element
 * @returns {unknown}
 */
function perform(action, element) {
  const form = element.closest("form");
  const address = element instanceof HTMLAnchorElement ? element.pathname + element.search : "";
  switch (action) {
    case "key":
      return askKey(undefined);
    case "forget":
      storeKey(undefined);
      return location.reload();
    case "download":
      return downloadDocument(address);
    case "open":
      return openPage(address).then(() => history.pushState(null, "", address));
    case "close":
      waiting = undefined;
      return element.closest("dialog")?.close();
    case "json":
      return form && toggleJson(form);
    case "curl":
      return form && copyCurl(form);
    case "cancel":
      return form && cancelRun(form);
    default:
      return undefined;
  }
}

/** @param {unknown} work */
function settle(work) {
  Promise.resolve(work).catch((error) => tellProblem(messageOf(error)));
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target.closest("[data-do]") : null;
  if (!(target instanceof HTMLElement) || target.dataset.do === "run") return;
  if (target instanceof HTMLAnchorElement) {
    // Other tabs and windows, and pages that the browser may open by itself, are its own matter.
    if (session.key === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
  }
  settle(perform(target.dataset.do ?? "", target));
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  if (form.dataset.form === "key") return settle(signIn(form));
  if (isSignedIn()) return settle(runTool(form));
  askKey(form);
});

document.addEventListener("input", ({ target }) => {
  if (target instanceof HTMLInputElement && target.id === "find") filterTools(target.value);
});

// As in a chat: Enter runs, with Shift it adds a line.
document.addEventListener("keydown", (event) => {
  const { target, key, isComposing } = event;
  if (!(target instanceof HTMLTextAreaElement) || key !== "Enter" || isComposing) return;
  const isLine =
    event.shiftKey || (target.dataset.kind !== "string" && !event.ctrlKey && !event.metaKey);
  if (isLine) return;
  event.preventDefault();
  target.form?.requestSubmit();
});

document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!(target instanceof HTMLDetailsElement) || !target.open) return;
    const form = target.querySelector("form");
    if (form) prepareForm(form);
  },
  true,
);

window.addEventListener("hashchange", openNamed);
window.addEventListener("popstate", () => {
  if (session.key !== undefined && here() !== shown) settle(openPage(here()));
});

document.addEventListener("cancel", () => (waiting = undefined), true);

session.key = storedKey();
begin();
if (session.key !== undefined && find("#find") === null) {
  openPage(here()).catch((error) => {
    session.key = undefined;
    // A page that is not there now says nothing of the key.
    if (error instanceof Error && error.cause === 401) storeKey(undefined);
    tellProblem(messageOf(error));
  });
}
