import { setTimeout as pause } from "node:timers/promises";
import type { JsonObject } from "../../src/core/json.ts";
import type { StartedGateway } from "./start-gateway.ts";

const LIMIT_MS = 30_000;
const PAUSE_MS = 100;

/** The document at a path, once its backend has been listed and it has what is waited for. */
export async function fetchDocument(
  { url, apiKey }: Pick<StartedGateway, "url" | "apiKey">,
  path: string,
  isWhole: (document: JsonObject) => boolean = () => true,
): Promise<JsonObject> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${apiKey}` } });
    const document: JsonObject = await response.json();
    if (response.status === 200 && isWhole(document)) return document;
    if (Date.now() > deadline) throw new Error(`${response.status} ${JSON.stringify(document)}`);
    await pause(PAUSE_MS);
  }
}
