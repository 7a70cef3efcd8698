import type { ProviderConfig } from "../config/llm-config.ts";
import { asGatewayError } from "../core/errors.ts";
import { afterTimeout } from "../core/patience.ts";
import { within } from "../core/within.ts";
import type { LlmContext } from "./language-models.ts";
import type { KnownModel } from "./parse-models.ts";

/** New models are rare, and whoever lists them often (Open WebUI does each second) gets them at once. */
const FRESH_MS = 300_000;
/** A provider that is down is not asked again by every request. */
const FAILURE_MS = 30_000;
/** A list is answered within a second, whatever a provider does. */
const WAIT_MS = 700;
/** Nobody notices, and 700 ms are 28 looks. */
const PACE_MS = 25;
/** Longer than fetching one can take; an isolate may lose the request that fetches. */
const REFRESH_LIMIT_MS = 15_000;

/** What an isolate knows of the models of one provider. */
export type ListState = Readonly<{
  /** Undefined: its provider has not told yet. */
  models: readonly KnownModel[] | undefined;
  /** Why the last look failed. */
  problem: string | undefined;
}>;

type Held = {
  models: readonly KnownModel[] | undefined;
  problem: string | undefined;
  /** Of the last look, whatever came of it. */
  lookedAt: number;
  looking: Readonly<{ done: Promise<void>; since: number }> | undefined;
};

export type ModelLists = Readonly<{
  /** Waits a moment for lists not known yet; an old one answers while it is fetched again. */
  look: (provider: ProviderConfig, context: LlmContext) => Promise<ListState>;
  /** Forgets what no provider of these stands for any more. */
  keepOnly: (providers: readonly ProviderConfig[]) => void;
}>;

/** One per isolate. A list that cannot be fetched leaves the old one. */
export function createModelLists(deps: {
  fetchList: (provider: ProviderConfig, context: LlmContext) => Promise<readonly KnownModel[]>;
  now: () => number;
}): ModelLists {
  const held = new Map<string, Held>();

  async function refresh(
    provider: ProviderConfig,
    entry: Held,
    context: LlmContext,
  ): Promise<void> {
    try {
      entry.models = await deps.fetchList(provider, context);
      entry.problem = undefined;
    } catch (thrown) {
      // Told by `troubles`, so that a refused key does not look like a provider without models.
      entry.problem = asGatewayError(thrown).message;
    } finally {
      entry.lookedAt = deps.now();
      entry.looking = undefined;
    }
  }

  return {
    async look(provider, context) {
      const key = keyOf(provider);
      const entry = held.get(key) ?? {
        models: undefined,
        problem: undefined,
        lookedAt: -Infinity,
        looking: undefined,
      };
      held.set(key, entry);
      const now = deps.now();
      const limit = entry.problem === undefined ? FRESH_MS : FAILURE_MS;
      if (now - entry.lookedAt <= limit) return entry;
      if (entry.looking === undefined || now - entry.looking.since > REFRESH_LIMIT_MS) {
        entry.looking = { done: refresh(provider, entry, context), since: now };
        context.waitUntil(entry.looking.done);
        if (entry.models === undefined) await within(WAIT_MS, entry.looking.done, afterTimeout);
        return entry;
      }
      // Once in vain is enough: a request may come here more than once.
      const patience = WAIT_MS - (now - entry.looking.since);
      if (entry.models === undefined && patience > 0) await lookedAtWithin(patience, entry);
      return entry;
    },

    keepOnly(providers) {
      const keys = new Set(providers.map(keyOf));
      for (const key of held.keys()) if (!keys.has(key)) held.delete(key);
    },
  };
}

/**
 * Looks whether another request has ended its look. Its promise is not awaited: it may never settle
 * here, and the runtime warns when it does after this request is over.
 */
async function lookedAtWithin(ms: number, entry: Held): Promise<void> {
  for (let waited = 0; waited < ms && entry.looking !== undefined; waited += PACE_MS) {
    // oxlint-disable-next-line no-await-in-loop -- until it is there
    await new Promise<void>((resolve) => {
      afterTimeout(PACE_MS, resolve);
    });
  }
}

/** Another address or credential may mean other models. */
function keyOf(provider: ProviderConfig): string {
  const { name, profile, baseUrl, binding, apiKey, headers, apiVersion } = provider;
  return JSON.stringify([name, profile, baseUrl, binding, apiKey, headers, apiVersion]);
}
