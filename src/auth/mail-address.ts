/** One address: what stands around it, or beside another "@", is for no two readers the same. */
const SHAPE = /^[^\s@\p{Cc}\p{Cf}]+@[^\s@\p{Cc}\p{Cf}]+$/u;
/** RFC 5321 section 4.5.3.1.3, without the brackets. */
const MAX_LENGTH = 254;
/** A letter of ASCII, or one among others. */
const ASCII = /[\0-\x7f]/;

export function isMailAddress(text: string): boolean {
  return text.length <= MAX_LENGTH && SHAPE.test(text);
}

/**
 * As addresses are kept and compared. No letter becomes one of ASCII that was none: the small form
 * of the Kelvin sign is the "k" of somebody else's address.
 */
export function mailKey(text: string): string {
  return text.trim().replaceAll(/./gsu, (letter) => {
    const small = letter.toLowerCase();
    return ASCII.test(letter) || !ASCII.test(small) ? small : letter;
  });
}
