import { configProblem } from "./config-problem.ts";
import type { StrictPart } from "./strict-part.ts";

const MAX_ORIGINS = 100;

/** `allowedOrigins` of a part; none without. Throws `config_invalid`. */
export function readOrigins(part: StrictPart): readonly string[] {
  const origins = part.texts("allowedOrigins", { maxCount: MAX_ORIGINS, maxLength: 300 }) ?? [];
  return origins.map((text) => {
    const url = URL.parse(text);
    if (url !== null && (url.protocol === "https:" || url.protocol === "http:")) return url.origin;
    throw configProblem(
      part.pathOf("allowedOrigins"),
      text,
      'origins like "https://app.example.com"',
    );
  });
}
