import * as z from "zod";
import type { Seal } from "../core/seal.ts";

/** What travels through the authorization server and the browser, and is read by us alone. */
const loginState = z.object({ user: z.string(), secret: z.string() });
export type LoginState = Readonly<z.infer<typeof loginState>>;

const MAX_LENGTH = 1_000;

export async function sealState(seal: Seal, state: LoginState): Promise<string> {
  return (await seal.seal(JSON.stringify(state)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Undefined for what we have not written. */
export async function openState(seal: Seal, text: string): Promise<LoginState | undefined> {
  if (text.length > MAX_LENGTH || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  try {
    const opened = await seal.open(text.replaceAll("-", "+").replaceAll("_", "/"));
    return loginState.safeParse(JSON.parse(opened)).data;
  } catch {
    return undefined; // somebody else's, or of a time before the key was changed
  }
}
