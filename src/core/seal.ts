import { GatewayError } from "./errors.ts";

/**
 * AES-256-GCM under a key derived from ENCRYPTION_KEY. `purpose` goes into the derivation, so what
 * was sealed for one use does not open in another. Form: base64(12 bytes nonce ‖ ciphertext).
 */
export type Seal = Readonly<{
  seal: (text: string) => Promise<string>;
  open: (sealed: string) => Promise<string>;
}>;

const NONCE_BYTES = 12;

export function createSeal(encryptionKey: string | undefined, purpose: string): Seal {
  let derived: Promise<CryptoKey> | undefined;
  const key = (): Promise<CryptoKey> => {
    if (encryptionKey === undefined || encryptionKey.length < 16) {
      throw new GatewayError(
        "unavailable",
        "Cannot keep secrets: ENCRYPTION_KEY is not set or shorter than 16 characters",
      );
    }
    derived ??= deriveKey(encryptionKey, purpose);
    return derived;
  };
  return {
    async seal(text) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const sealed = await crypto.subtle.encrypt(
        { name: "AES-GCM", iv: nonce },
        await key(),
        new TextEncoder().encode(text),
      );
      return toBase64(new Uint8Array([...nonce, ...new Uint8Array(sealed)]));
    },
    async open(sealed) {
      const bytes = fromBase64(sealed);
      const iv = bytes.subarray(0, NONCE_BYTES);
      try {
        return new TextDecoder().decode(
          await crypto.subtle.decrypt(
            { name: "AES-GCM", iv },
            await key(),
            bytes.subarray(NONCE_BYTES),
          ),
        );
      } catch (error) {
        if (error instanceof GatewayError) throw error;
        throw new GatewayError(
          "unavailable",
          "Cannot open what was stored: ENCRYPTION_KEY is not the one it was sealed with",
          { cause: error },
        );
      }
    },
  };
}

async function deriveKey(encryptionKey: string, purpose: string): Promise<CryptoKey> {
  const text = new TextEncoder();
  const material = await crypto.subtle.importKey("raw", text.encode(encryptionKey), "HKDF", false, [
    "deriveKey",
  ]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: text.encode(purpose) },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
