import type { BackendOrder } from "../config/backend-order.ts";
import { sha256Hex } from "../core/digest.ts";
import type { BackendName } from "../core/ids.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { findTarget } from "./find-target.ts";
import type { Fingerprint, LiveBackend, ResourceOwner, Scope } from "./gateway.ts";
import type { View } from "./view.ts";
import type { HeldView } from "./views.ts";

/** A digest is compared with another, and nobody gains by a collision. */
const DIGEST_LENGTH = 16;

type Kind = "tools" | "prompts" | "resources";
type Content = Readonly<{ digest: string; backends: ReadonlySet<BackendName> }>;
type Contents = Readonly<Record<Kind, Content>>;

/** Made once per view; only results are kept, because no request may wait for the work of another. */
const contents = new WeakMap<View, Contents>();

/** What a caller sees of each kind, and which of those it comes from are down. */
export async function fingerprintOf(held: HeldView): Promise<Fingerprint> {
  const { view, snapshot, complete } = held;
  const known = contents.get(view) ?? (await readContents(view));
  contents.set(view, known);
  const print = ({ digest, backends }: Content): string =>
    [digest, ...[...backends].filter((name) => isDown(held, name)).toSorted()].join(" ");
  return {
    change: complete ? snapshot.change : -1,
    tools: print(known.tools),
    prompts: print(known.prompts),
    resources: print(known.resources),
  };
}

/** The backends of a view that say when their lists change. */
export function announcersOf(held: HeldView): readonly LiveBackend[] {
  return held.view.offers
    .filter(({ listing }) => KINDS.some((kind) => declares(listing.capabilities, kind)))
    .flatMap(({ config }) => liveBackend(held, config.name) ?? []);
}

/** Throws `not_found` in the words in which reading the resource would. */
export function resourceOwnerOf(
  held: HeldView,
  scope: Scope,
  uri: string,
): ResourceOwner | undefined {
  const { view } = held;
  const target = findTarget(view, { method: "resources/read", scope, params: { uri } });
  const backend = liveBackend(held, target.backend);
  const offer = view.offers.find(({ config }) => config.name === target.backend);
  const resources = offer?.listing.capabilities["resources"];
  if (!isJsonObject(resources) || resources["subscribe"] !== true) return undefined;
  const own = target.params["uri"];
  return backend === undefined
    ? undefined
    : { ...backend, uri: typeof own === "string" ? own : uri };
}

const KINDS: readonly Kind[] = ["tools", "prompts", "resources"];

function declares(capabilities: JsonObject, kind: Kind): boolean {
  const capability = capabilities[kind];
  return isJsonObject(capability) && capability["listChanged"] === true;
}

/** Built-in backends change with the Worker alone, and nobody is there behind one that is offline. */
function liveBackend({ snapshot, personal }: HeldView, name: BackendName): LiveBackend | undefined {
  const config = snapshot.config.backends.find((backend) => backend.name === name);
  if (config === undefined) return undefined;
  const { kind } = config.transport;
  const isOffline = snapshot.reports[name]?.state === "offline";
  if (kind === "builtin" || (kind === "stdio" && isOffline)) return undefined;
  const { configVersion, privateOrigins } = snapshot;
  const order: BackendOrder = { config, configVersion, privateOrigins };
  const own = personal?.states.get(name);
  if (own !== undefined) return { order, sessionful: own.sessionful, account: own.account };
  return { order, sessionful: snapshot.reports[name]?.sessionful ?? false };
}

function isDown({ snapshot, personal }: HeldView, name: BackendName): boolean {
  const { state } = personal?.states.get(name) ?? snapshot.reports[name] ?? {};
  return state === "down" || state === "offline";
}

async function readContents(view: View): Promise<Contents> {
  const { tools, prompts, catalog } = view;
  return {
    tools: { digest: await digestOf(view.text("tools")), backends: owners(tools.values()) },
    prompts: { digest: await digestOf(view.text("prompts")), backends: owners(prompts.values()) },
    resources: {
      digest: await digestOf(`${view.text("resources")}\n${view.text("resourceTemplates")}`),
      backends: owners([...catalog.resources.values(), ...catalog.resourceTemplates]),
    },
  };
}

async function digestOf(text: string): Promise<string> {
  return (await sha256Hex(text)).slice(0, DIGEST_LENGTH);
}

function owners(entries: Iterable<{ backend: BackendName }>): ReadonlySet<BackendName> {
  return new Set([...entries].map(({ backend }) => backend));
}
