import { secretsEqual } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";

/** Longest run of PBKDF2 that the platform does in one call. */
const ITERATIONS = 100_000;
/** 600,000 together, as OWASP asks of PBKDF2 with SHA-256; about 80 ms of CPU, once per sign-in. */
const ROUNDS = 6;
/** What somebody else's storage may make us do, should it ever hold a record we did not write. */
const MAX_ROUNDS = 60;
const SALT_BYTES = 16;
const HASH_BITS = 256;

/** The only factor: longer than what a dictionary and a digit come to. */
export const MIN_PASSWORD = 12;
const MAX_PASSWORD = 1_024;

const STORED =
  /^pbkdf2-sha256\$(?<rounds>[1-9]\d?)x100000\$(?<salt>[A-Za-z0-9+/=]{24})\$(?<hash>[A-Za-z0-9+/=]{44})$/;

/** `pbkdf2-sha256${rounds}x{iterations}${salt}${hash}`. Throws `invalid_params`. */
export async function hashPassword(password: string): Promise<string> {
  const { length } = normal(password);
  if (length < MIN_PASSWORD || length > MAX_PASSWORD) {
    throw new GatewayError(
      "invalid_params",
      `Cannot use this password: it needs ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`,
    );
  }
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const hash = await derive(password, { salt, rounds: ROUNDS });
  return `pbkdf2-sha256$${ROUNDS}x${ITERATIONS}$${toBase64(salt)}$${toBase64(hash)}`;
}

export type PasswordVerdict = Readonly<{
  isRight: boolean;
  /** Written with fewer rounds than today: hash it again while it is known. */
  isOld: boolean;
}>;

/** Takes the same time for whoever has no password, so that nobody learns who has one. */
export async function checkPassword(
  password: string,
  stored: string | undefined,
): Promise<PasswordVerdict> {
  if (password.length > MAX_PASSWORD) return { isRight: false, isOld: false };
  const parts = STORED.exec(stored ?? "")?.groups;
  const rounds = Math.min(Number(parts?.["rounds"] ?? ROUNDS), MAX_ROUNDS);
  const salt = parts === undefined ? new Uint8Array(SALT_BYTES) : fromBase64(parts["salt"] ?? "");
  const hash = toBase64(await derive(password, { salt, rounds }));
  const isRight = parts !== undefined && (await secretsEqual(hash, parts["hash"] ?? ""));
  return { isRight, isOld: isRight && rounds < ROUNDS };
}

/** Each round is salted with the one before it, so that no two can be done at the same time. */
async function derive(
  password: string,
  { salt, rounds }: Readonly<{ salt: Uint8Array<ArrayBuffer>; rounds: number }>,
): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(normal(password));
  const key = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
  let before = new Uint8Array();
  for (let round = 0; round < rounds; round += 1) {
    const salted = new Uint8Array([...salt, ...before]);
    const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: salted, iterations: ITERATIONS };
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
    before = new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, HASH_BITS));
  }
  return before;
}

/** The same letters typed on another keyboard are the same password. */
function normal(password: string): string {
  return password.normalize("NFKC");
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
