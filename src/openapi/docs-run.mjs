// Calls a tool with what stands in its form.
import { clearOutcome, make, markField, showOutcome, tellStatus } from "./docs-result.mjs";
import { controlsOf, indentJson, isJson, readFields, writeFields } from "./docs-values.mjs";

/**
 * The key stays in this page's memory; undefined while the browser's own credentials serve.
 * @type {{ key: string | undefined }}
 */
export const session = { key: undefined };

/** @type {WeakMap<HTMLFormElement, AbortController>} */
const running = new WeakMap();

/**
 * A request to this origin, and never to another. With a key of ours the browser's own credentials
 * stay out of it, or it would ask for a password of its own when the key is refused.
 * @param {string} address
 * @param {RequestInit & { headers: Record<string, string> }} init
 */
export function request(address, { headers, ...init }) {
  const url = new URL(address, location.origin);
  if (url.origin !== location.origin) throw new TypeError("This leads to another host");
  const { key } = session;
  const sent = new Headers(headers);
  if (key !== undefined) sent.set("authorization", `Bearer ${key}`);
  return fetch(url, {
    ...init,
    headers: sent,
    credentials: key === undefined ? "same-origin" : "omit",
    redirect: "error",
    cache: "no-store",
  });
}

/**
 * Gives a tool that was opened its buttons.
 * @param {HTMLFormElement} form
 */
export function prepareForm(form) {
  const template = document.querySelector("#try");
  if (!(template instanceof HTMLTemplateElement) || form.querySelector(".whole")) return;
  form.append(template.content.cloneNode(true));
}

/** @param {HTMLFormElement} form */
export async function runTool(form) {
  if (running.has(form)) return;
  clearOutcome(form);
  const body = readBody(form);
  if (body === undefined) return;
  const controller = new AbortController();
  running.set(form, controller);
  setRunning(form, true);
  tellStatus(form, "Running…", false);
  const start = performance.now();
  try {
    const response = await request(form.dataset.path ?? "", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      signal: controller.signal,
    });
    const text = await response.text();
    const ms = Math.round(performance.now() - start);
    const { status, headers } = response;
    showOutcome(form, { status, headers, ms, text, type: headers.get("content-type") ?? "" });
  } catch (error) {
    const said = controller.signal.aborted ? "Cancelled" : `No answer: ${messageOf(error)}`;
    tellStatus(form, said, true);
  } finally {
    running.delete(form);
    setRunning(form, false);
  }
}

/** @param {HTMLFormElement} form */
export function cancelRun(form) {
  running.get(form)?.abort();
}

/**
 * The fields as one text, or the text as fields again.
 * @param {HTMLFormElement} form
 */
export function toggleJson(form) {
  const whole = wholeOf(form);
  if (whole === null) return;
  clearOutcome(form);
  const isJsonNow = !whole.hidden;
  if (isJsonNow && whole.value.trim() !== "" && !writeFields(form, whole.value)) {
    tellStatus(form, "The fields cannot hold this: it can only be sent as JSON", true);
    return;
  }
  if (!isJsonNow) whole.value = indentJson(readFields(form).text);
  whole.hidden = isJsonNow;
  for (const table of form.querySelectorAll("table")) table.hidden = !isJsonNow;
  form.querySelector("[data-do=json]")?.setAttribute("aria-pressed", String(!isJsonNow));
  if (isJsonNow) controlsOf(form)[0]?.focus();
  else whole.focus();
}

/** @param {HTMLFormElement} form */
export async function copyCurl(form) {
  clearOutcome(form);
  const body = readBody(form);
  if (body === undefined) return;
  const url = new URL(form.dataset.path ?? "", location.origin);
  const command = [
    `curl ${quoted(url.href)}`,
    '-H "Authorization: Bearer $KEY"',
    "-H 'Content-Type: application/json'",
    `-d ${quoted(body)}`,
  ].join(" \\\n  ");
  form
    .querySelector(".result")
    ?.append(make("pre", { tabindex: "0", "aria-label": "Command" }, command));
  try {
    // Pages that did not come over TLS have no clipboard.
    await navigator.clipboard.writeText(command);
    tellStatus(form, "Copied. KEY stands for your key", false);
  } catch {
    tellStatus(form, "To copy from here. KEY stands for your key", false);
  }
}

/**
 * What is sent; undefined when it cannot be, which is then said.
 * @param {HTMLFormElement} form
 */
function readBody(form) {
  const whole = wholeOf(form);
  if (whole !== null && !whole.hidden) {
    const text = whole.value.trim() === "" ? "{}" : whole.value;
    if (isJson(text)) return text;
    markField(whole, "This is not JSON");
    return undefined;
  }
  const { text, problems } = readFields(form);
  for (const { control, problem } of problems) markField(control, problem);
  problems[0]?.control.focus();
  return problems.length === 0 ? text : undefined;
}

/** @param {HTMLFormElement} form */
function wholeOf(form) {
  const whole = form.querySelector(".whole");
  return whole instanceof HTMLTextAreaElement ? whole : null;
}

/**
 * @param {HTMLFormElement} form
 * @param {boolean} isRunning
 */
function setRunning(form, isRunning) {
  for (const button of form.querySelectorAll("button")) {
    if (button.dataset.do === "run") button.disabled = isRunning;
    if (button.dataset.do === "cancel") button.hidden = !isRunning;
  }
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
