// What is typed into the fields of a tool, as the JSON that is sent, and back. Numbers stay text:
// through a number of JavaScript, 9007199254740993 would arrive as another.

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const JSON_TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
const MAX_EMBEDDED = 400;

/**
 * @param {Element} form
 * @returns {Control[]}
 */
export function controlsOf(form) {
  return [...form.querySelectorAll("[data-arg]")].filter(isControl);
}

/**
 * @param {Element | null} element
 * @returns {element is Control}
 */
export function isControl(element) {
  return (
    element instanceof HTMLInputElement ||
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement
  );
}

/**
 * The arguments as JSON text, and what of them cannot be sent.
 * @param {Element} form
 */
export function readFields(form) {
  const parts = [];
  const problems = [];
  for (const control of controlsOf(form)) {
    const { text, problem } = readControl(control);
    if (problem !== undefined) problems.push({ control, problem });
    if (text !== undefined) parts.push(`${JSON.stringify(control.dataset.arg)}:${text}`);
  }
  return { text: `{${parts.join(",")}}`, problems };
}

/**
 * An empty field is left out.
 * @param {Control} control
 * @returns {{ text?: string, problem?: string }}
 */
function readControl(control) {
  const { value } = control;
  const trimmed = value.trim();
  if (value === "") return {};
  switch (control.dataset.kind ?? "json") {
    case "string":
      return { text: JSON.stringify(value) };
    case "number":
      return JSON_NUMBER.test(trimmed) ? { text: trimmed } : { problem: "This is not a number" };
    case "any":
      return { text: isJson(trimmed) ? trimmed : JSON.stringify(value) };
    default:
      return isJson(trimmed) ? { text: trimmed } : { problem: "This is not JSON" };
  }
}

/** @param {string} text */
export function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Puts arguments written as JSON into the fields; false when the fields cannot hold them.
 * @param {Element} form
 * @param {string} text
 */
export function writeFields(form, text) {
  if (!isJson(text)) return false;
  const args = JSON.parse(text);
  if (typeof args !== "object" || args === null || Array.isArray(args)) return false;
  const controls = controlsOf(form);
  const names = new Set(controls.map((control) => control.dataset.arg));
  if (Object.keys(args).some((name) => !names.has(name))) return false;
  const written = controls.map((control) => writtenIn(control, args[control.dataset.arg ?? ""]));
  if (written.includes(undefined)) return false;
  for (const [index, control] of controls.entries()) control.value = written[index] ?? "";
  return true;
}

/**
 * How a field shows a value; undefined when it cannot.
 * @param {Control} control
 * @param {unknown} value
 */
function writtenIn(control, value) {
  if (value === undefined) return "";
  // It has been rounded already.
  if (typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) return undefined;
  const text = JSON.stringify(value);
  switch (control.dataset.kind ?? "json") {
    case "string":
      return typeof value === "string" && value !== "" ? value : undefined;
    case "number":
      return typeof value === "number" ? text : undefined;
    case "choice":
      return control instanceof HTMLSelectElement &&
        [...control.options].some((option) => option.value === text)
        ? text
        : undefined;
    default:
      return text;
  }
}

/**
 * JSON text with line breaks and indents, its values as they are written; what is embedded in it as
 * a data URI is cut.
 * @param {string} text
 */
export function indentJson(text) {
  let written = "";
  let depth = 0;
  let before = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [token] of text.matchAll(JSON_TOKEN)) {
    const isEnd = token === "}" || token === "]";
    if (isEnd) depth -= 1;
    const isInside = before === "{" || before === "[";
    if (isEnd ? !isInside : isInside || before === ",") written += line();
    written += token === ":" ? ": " : cutEmbedded(token);
    if (token === "{" || token === "[") depth += 1;
    before = token;
  }
  return written;
}

/** @param {string} token */
function cutEmbedded(token) {
  if (token.length <= MAX_EMBEDDED || !token.startsWith('"data:')) return token;
  return `${token.slice(0, 60)}… ${token.length} characters"`;
}
