/** JSON is what every answer has, so it is what a client gets that likes nothing better. */
const JSON_TYPE = "application/json";

/**
 * Which of `types` a client likes better than JSON, by its `Accept` (RFC 9110 section 12.5.1), or
 * undefined. Most clients name JSON or anything at all, and mean JSON.
 */
export function chooseMedia(accept: string | null, types: readonly string[]): string | undefined {
  if (accept === null || accept === "*/*" || accept === JSON_TYPE || types.length === 0) {
    return undefined;
  }
  const ranges = readRanges(accept);
  let best: string | undefined;
  let bestQuality = qualityOf(JSON_TYPE, ranges);
  for (const type of types) {
    const quality = qualityOf(type, ranges);
    if (quality <= bestQuality) continue;
    best = type;
    bestQuality = quality;
  }
  return best;
}

type Range = Readonly<{ pattern: string; quality: number }>;

/** A header can hold thousands of ranges; nobody means more than these. */
const MAX_RANGES = 32;

function readRanges(accept: string): readonly Range[] {
  return accept.split(",", MAX_RANGES).map((part) => {
    const [pattern = "", ...parameters] = part.split(";");
    const written = parameters
      .map((parameter) => /^\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$/i.exec(parameter)?.[1])
      .find((quality) => quality !== undefined);
    return { pattern: pattern.trim().toLowerCase(), quality: Number(written ?? 1) };
  });
}

/** The most exact range that fits says it. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  const group = `${type.slice(0, type.indexOf("/"))}/*`;
  for (const pattern of [type, group, "*/*"]) {
    const range = ranges.find((one) => one.pattern === pattern);
    if (range !== undefined) return range.quality;
  }
  return 0;
}
