import type { BackendName } from "../core/ids.ts";
import { endOfString, stringAt } from "../core/json-spans.ts";
import { isUiUri, toExposedUri } from "./ui-uri.ts";

/** Where an answer to tools/call, prompts/get or resources/read names a resource. */
const BLOCKS = [
  "content",
  "content resource",
  "contents",
  "messages content",
  "messages content resource",
].map((place) => `result ${place}`);
const PLACES: ReadonlySet<string> = new Set([
  ...BLOCKS.map((place) => `${place} uri`),
  ...["result", "result messages", ...BLOCKS].flatMap((place) => [
    `${place} _meta ui resourceUri`,
    `${place} _meta ui/resourceUri`,
  ]),
  "error data uri",
]);
/** Begins like `"ui:`, escaped in any way JSON allows: a URI that slips by would name another's page. */
const HEAD = String.raw`"(?:ui(?::|\\u003a)|u\\u0069|\\u0075)`;
const ANYWHERE = new RegExp(HEAD, "i");
const HERE = new RegExp(HEAD, "iy");

type Frame = { readonly isObject: boolean; key: string; atKey: boolean };

/**
 * A backend's answer as callers of `/mcp` see it: its `ui://` URIs under their exposed names. The
 * text is changed where such a URI stands and nowhere else, so that big numbers, key order and
 * everything a tool says in its own fields survive.
 */
export function toExposedResult(text: string, backend: BackendName): string {
  if (!ANYWHERE.test(text)) return text;
  const frames: Frame[] = [];
  let out = "";
  let copied = 0;
  for (let at = 0; at < text.length; at += 1) {
    const frame = frames.at(-1);
    switch (text.charAt(at)) {
      case "{":
        frames.push({ isObject: true, key: "", atKey: true });
        break;
      case "[":
        frames.push({ isObject: false, key: "", atKey: false });
        break;
      case "}":
      case "]":
        frames.pop();
        break;
      case ":":
        if (frame !== undefined) frame.atKey = false;
        break;
      case ",":
        if (frame !== undefined) frame.atKey = frame.isObject;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (frame?.atKey === true) frame.key = stringAt(text, at, end);
        else if (beginsAsUi(text, at) && PLACES.has(placeOf(frames))) {
          const uri = stringAt(text, at, end);
          if (isUiUri(uri)) {
            out += text.slice(copied, at) + JSON.stringify(toExposedUri(backend, uri));
            copied = end;
          }
        }
        at = end - 1;
        break;
      }
      default:
        break;
    }
  }
  return out + text.slice(copied);
}

function beginsAsUi(text: string, at: number): boolean {
  HERE.lastIndex = at;
  return HERE.test(text);
}

/** The keys that lead here; lists do not count. */
function placeOf(frames: readonly Frame[]): string {
  return frames
    .filter(({ isObject }) => isObject)
    .map(({ key }) => key)
    .join(" ");
}
