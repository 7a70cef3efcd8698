import { PROGRESS_STYLES, type ProgressStyle } from "../config/llm-config.ts";
import { OpenaiRefusal } from "./openai-errors.ts";

/** What an answer is told with: nothing is left to be found out. */
export type ToldStyle = Exclude<ProgressStyle, "auto">;

const HEADER = "X-Gateway-Progress";
const MARK = "x-openwebui-";

/** How this request wants to see tools at work: its header, else what its credential says. */
export function progressStyle(own: ProgressStyle | undefined, headers: Headers): ToldStyle {
  const style = requireStyle(headers.get(HEADER)) ?? own ?? "auto";
  if (style !== "auto") return style;
  return isOpenWebui(headers) ? "events" : "none";
}

/**
 * Open WebUI's server asks; pages of it that ask by themselves send no such header, and take no
 * events either.
 */
export function isOpenWebui(headers: Headers): boolean {
  if (headers.get("x-gateway-client")?.toLowerCase() === "open-webui") return true;
  return [...headers.keys()].some((name) => name.toLowerCase().startsWith(MARK));
}

function requireStyle(value: string | null): ProgressStyle | undefined {
  if (value === null || value.trim() === "") return undefined;
  const wanted = value.trim().toLowerCase();
  const style = PROGRESS_STYLES.find((known) => known === wanted);
  if (style !== undefined) return style;
  throw new OpenaiRefusal(
    "invalid_request",
    `Cannot use "${wanted.slice(0, 50)}" as ${HEADER}: allowed are ${PROGRESS_STYLES.join(", ")}`,
    { param: HEADER, code: "invalid_value" },
  );
}
