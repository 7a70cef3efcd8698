// Shows what a call answered. Everything goes in as text: an answer is a stranger's.
import { controlsOf, indentJson, isJson } from "./docs-values.mjs";

/**
 * @typedef {object} Outcome
 * @property {number} status
 * @property {number} ms
 * @property {string} type
 * @property {string} text
 * @property {Headers} headers
 */

const MAX_SHOWN = 20_000;
/** Longer ones are not taken apart; they are for the file. */
const MAX_INDENTED = 1_000_000;
const MAX_MEDIA = 20;
const TOLD_HEADERS = ["x-request-id", "retry-after"];

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * @param {HTMLFormElement} form
 * @param {Outcome} outcome
 */
export function showOutcome(form, outcome) {
  const { status, ms, type, text, headers } = outcome;
  const value = type.includes("json") && isJson(text) ? JSON.parse(text) : undefined;
  const told = TOLD_HEADERS.flatMap((name) => {
    const header = headers.get(name);
    return header === null ? [] : [`${name} ${header}`];
  });
  const size = sizeText(text.length);
  tellStatus(form, [`${status}`, `${ms} ms`, size, type, ...told].join(" · "), status >= 400);
  const place = form.querySelector(".result");
  if (status >= 400) place?.append(...errorNodes(form, value));
  place?.append(...mediaNodes(value), ...textNodes(outcome, value));
}

/**
 * One line, which is read out.
 * @param {HTMLFormElement} form
 * @param {string} text
 * @param {boolean} isFailed
 */
export function tellStatus(form, text, isFailed) {
  const line = form.querySelector("[role=status]");
  line?.classList.toggle("failed", isFailed);
  line?.replaceChildren(text);
}

/** @param {HTMLFormElement} form */
export function clearOutcome(form) {
  tellStatus(form, "", false);
  form.querySelector(".result")?.replaceChildren();
  for (const problem of form.querySelectorAll(".problem")) problem.remove();
  for (const control of controlsOf(form)) {
    control.removeAttribute("aria-invalid");
    control.removeAttribute("aria-describedby");
  }
}

/**
 * Says under a field what is wrong with it, in a line for each thing.
 * @param {import("./docs-values.mjs").Control} control
 * @param {string} text
 */
export function markField(control, text) {
  const id = `${control.id}-problem`;
  const said = document.getElementById(id);
  if (said) return said.append(`\n${text}`);
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", id);
  control.after(make("p", { class: "problem", id }, text));
}

/**
 * The sentences of an error; what is about one field goes there.
 * @param {HTMLFormElement} form
 * @param {any} value
 */
function errorNodes(form, value) {
  const detail = value?.detail;
  if (typeof detail === "string") return [make("p", { class: "problem" }, detail)];
  if (!Array.isArray(detail)) {
    const nodes = [];
    if (typeof detail?.message === "string") {
      nodes.push(make("p", { class: "problem" }, detail.message));
    }
    const url = String(detail?.authorization_url ?? "");
    if (/^https?:\/\//.test(url)) {
      const link = { href: url, target: "_blank", rel: "noopener noreferrer" };
      nodes.push(make("p", {}, make("a", link, `Sign in at ${new URL(url).host}`)));
    }
    return nodes;
  }
  const elsewhere = [];
  for (const { loc, msg } of detail) {
    const [, name, ...deeper] = Array.isArray(loc) ? loc.map(String) : [];
    const said = deeper.length === 0 ? String(msg) : `${deeper.join(".")}: ${msg}`;
    const control = controlsOf(form).find(({ dataset }) => dataset.arg === name);
    if (control === undefined || control.closest("[hidden]")) {
      elsewhere.push(make("li", {}, name === undefined ? said : `${name}: ${said}`));
    } else markField(control, said);
  }
  return elsewhere.length === 0 ? [] : [make("ul", { class: "problem" }, ...elsewhere)];
}

/**
 * Images and sounds of a result; an address of anything else is never loaded.
 * @param {unknown} value
 */
function mediaNodes(value) {
  const values = Array.isArray(value) ? value : [value];
  return values.slice(0, MAX_MEDIA).flatMap((one) => {
    if (typeof one !== "string") return [];
    if (one.startsWith("data:image/"))
      return [make("img", { src: one, alt: "Image of the result" })];
    return one.startsWith("data:audio/") ? [make("audio", { src: one, controls: "" })] : [];
  });
}

/**
 * @param {Outcome} outcome
 * @param {unknown} value
 */
function textNodes({ text, type }, value) {
  if (text === "") return [];
  if (typeof value === "string" && /^data:(image|audio)\//.test(value)) return [];
  const isLong = text.length > MAX_INDENTED;
  const whole =
    typeof value === "string" ? value : isLong || value === undefined ? text : indentJson(text);
  const shown = make("pre", { tabindex: "0", "aria-label": "Result" }, whole.slice(0, MAX_SHOWN));
  if (whole.length <= MAX_SHOWN) return [shown];
  const all = make("button", { type: "button" }, `Show all ${sizeText(whole.length)}`);
  all.addEventListener("click", () => {
    shown.replaceChildren(whole);
    all.remove();
  });
  const save = make("button", { type: "button" }, "Download");
  save.addEventListener("click", () => saveFile(text, type, "result"));
  return [shown, make("div", { class: "bar" }, all, save)];
}

/**
 * @param {string} text
 * @param {string} type
 * @param {string} name
 */
export function saveFile(text, type, name) {
  // As bytes of no kind: a browser that opens it instead would run a page of this origin.
  const address = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  const ending = name.includes(".") ? "" : type.includes("json") ? ".json" : ".txt";
  make("a", { href: address, download: name + ending }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** @param {number} length */
function sizeText(length) {
  return length < 1_000 ? `${length} characters` : `${(length / 1_000).toFixed(1)} KB`;
}
