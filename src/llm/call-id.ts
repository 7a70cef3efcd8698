/** Nine letters and digits: what Mistral demands, and what everybody else takes too. */
const LENGTH = 9;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * An id as this provider takes it. The same for the same id, without any memory: a call and its
 * answer, in this request and in the next, keep belonging together.
 */
export function fittingId(id: string, allowed: RegExp): string {
  return allowed.test(id) ? id : shortId(id);
}

/** Two independent sums over the text (FNV-1a, and one of other primes): 64 bits for 53 of the id. */
function shortId(text: string): string {
  let first = 0x811c9dc5;
  let second = 0x9e3779b9;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    first = Math.imul(first ^ unit, 0x01000193);
    second = Math.imul(second ^ unit, 0x85ebca6b) ^ (second >>> 13);
  }
  let rest = (BigInt(first >>> 0) << 32n) | BigInt(second >>> 0);
  let id = "";
  while (id.length < LENGTH) {
    id += ALPHABET[Number(rest % 62n)] ?? "0";
    rest /= 62n;
  }
  return id;
}
