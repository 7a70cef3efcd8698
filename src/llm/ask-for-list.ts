import type { ProviderConfig } from "../config/llm-config.ts";
import { GiveUp } from "../core/call-signal.ts";
import type { Blame } from "../core/outbound.ts";
import { afterTimeout } from "../core/patience.ts";
import { listBinding } from "./ask-binding.ts";
import { askOverHttp } from "./ask-provider.ts";
import { attempt, type Tried } from "./attempt.ts";
import { type KnownModel, parseModels } from "./parse-models.ts";
import { ProviderError } from "./provider-error.ts";
import { resolveProvider } from "./provider-target.ts";
import type { SendNeeds } from "./send-request.ts";

/** It goes on after its request has been answered, and the platform ends that soon. */
const LIST_TIMEOUT_MS = 10_000;
/** The longest list there is has under a megabyte. */
const MAX_LIST_BYTES = 4 * 1_048_576;

/** What a provider lists. One try: it is asked again soon enough. */
export async function askForList(
  provider: ProviderConfig,
  privateOrigins: readonly string[],
  needs: SendNeeds,
): Promise<readonly KnownModel[]> {
  const { name: backend, binding } = provider;
  const { variables, now } = needs;
  const blame: Blame = { action: "list models", backend, noun: "provider" };
  const tried = await attempt<readonly KnownModel[]>(
    async (signal) => {
      if (binding !== undefined) {
        return { kind: "done", value: await listBinding({ binding, variables, blame }) };
      }
      const question = {
        target: resolveProvider(provider, { kind: "models" }, { variables, privateOrigins, blame }),
        body: undefined,
        blame,
        tools: [],
        maxBytes: MAX_LIST_BYTES,
        hopId: await needs.hopId?.(),
        now,
      };
      return readList(await askOverHttp(question, needs.fetch, signal), provider, blame);
    },
    // Of no single request: whoever began it may be gone before it ends.
    { signal: new GiveUp(), after: afterTimeout, timeoutMs: LIST_TIMEOUT_MS, blame },
  );
  if (tried.kind === "failed") throw tried.error;
  return tried.value;
}

async function readList(
  tried: Tried<Response>,
  { profile }: ProviderConfig,
  { action, backend }: Blame,
): Promise<Tried<readonly KnownModel[]>> {
  if (tried.kind === "failed") return tried;
  const value = parseModels(await parsed(tried.value), profile);
  if (value !== undefined) return { kind: "done", value };
  const message = `Cannot ${action}: provider "${backend}" answered with something that is no list of models`;
  return { kind: "failed", error: new ProviderError("backend_failed", message), again: false };
}

async function parsed(response: Response): Promise<unknown> {
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  if (isJson) return response.json().catch(() => undefined); // no list either
  await response.body?.cancel().catch(() => {}); // nothing of it is needed
  return undefined;
}
