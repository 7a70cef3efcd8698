/**
 * Events stay near 8 KiB, and under 16 KiB whatever JSON and UTF-8 make of the text: larger ones
 * may be cut by the network, and Open WebUI's direct connections lose an event that is cut.
 */
const MAX_UNITS = 7 * 1_024;
const MAX_BYTES = 15 * 1_024;

/** The text in pieces for one event each, never cut inside a code point. */
export function* splitText(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    let end = Math.min(start + MAX_UNITS, text.length);
    end = boundaryAt(text, start, end);
    let piece = text.slice(start, end);
    while (byteLength(piece) > MAX_BYTES) {
      end = boundaryAt(text, start, start + Math.floor((end - start) / 2));
      piece = text.slice(start, end);
    }
    yield piece;
    start = end;
  }
}

/** `end`, or one less where it would part a surrogate pair. */
function boundaryAt(text: string, start: number, end: number): number {
  const last = text.charCodeAt(end - 1);
  const parts = end < text.length && last >= 0xd800 && last <= 0xdbff;
  return parts && end - 1 > start ? end - 1 : end;
}

function byteLength(piece: string): number {
  return new TextEncoder().encode(JSON.stringify(piece)).byteLength;
}
