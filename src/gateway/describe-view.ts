import { labelInstructions } from "../catalog/label-instructions.ts";
import { passedCapabilities } from "../catalog/passed-capabilities.ts";
import { TASKS_EXTENSION } from "../catalog/passed-extensions.ts";
import { GATEWAY_INFO } from "../core/gateway-info.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { ServerDescription } from "./gateway.ts";
import type { Offer, View } from "./view.ts";

/** What the gateway itself can do where a backend's calls may go on without their client. */
function withTasks(view: View, capabilities: JsonObject): JsonObject {
  if (!view.offers.some(({ config }) => config.detachAfterMs !== undefined)) return capabilities;
  const { extensions } = capabilities;
  const others = isJsonObject(extensions) ? extensions : {};
  return { ...capabilities, extensions: { [TASKS_EXTENSION]: {}, ...others } };
}

const described = new WeakMap<View, ServerDescription>();

/** Who answers under a view and what it can do; the same for every caller of the view. */
export function describeView(view: View): ServerDescription {
  const held = described.get(view);
  if (held !== undefined) return held;
  const own = view.scope.kind === "all" ? describeAll(view) : describeOne(view);
  const description = { ...own, capabilities: withTasks(view, own.capabilities) };
  described.set(view, description);
  return description;
}

function describeAll(view: View): ServerDescription {
  const offers = wholeOffers(view);
  return {
    serverInfo: GATEWAY_INFO,
    capabilities: passedCapabilities([
      // Even while no backend is there: one may come, and capabilities are told only once.
      { tools: {} },
      ...offers.map(({ listing }) => listing.capabilities),
    ]),
    instructions: labelInstructions(
      offers.flatMap((offer) => {
        const text = instructionsOf(offer);
        return text === undefined ? [] : [{ backend: offer.config.name, text }];
      }),
    ),
  };
}

/** Under `/mcp/{backend}` the backend introduces itself, with what of it we can pass on. */
function describeOne(view: View): ServerDescription {
  const [whole] = wholeOffers(view);
  const toolsOnly = view.tools.size > 0 || whole === undefined ? [{ tools: {} }] : [];
  return {
    serverInfo: view.listing?.serverInfo ?? GATEWAY_INFO,
    capabilities: passedCapabilities([
      ...toolsOnly,
      ...(whole === undefined ? [] : [whole.listing.capabilities]),
    ]),
    instructions: whole === undefined ? undefined : instructionsOf(whole),
  };
}

/**
 * Instructions speak of everything a backend has, prompts and resources go with the backend as a
 * whole: who knows single tools of it hears of none of these.
 */
function wholeOffers({ offers, catalog }: View): readonly Offer[] {
  return offers.filter(({ config }) => catalog.whole.has(config.name));
}

function instructionsOf({ config, listing }: Offer): string | undefined {
  if (config.instructions === false) return undefined;
  return config.instructions ?? listing.instructions;
}
