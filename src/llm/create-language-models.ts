import type { SnapshotData } from "../config/registry.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import type { JsonObject } from "../core/json.ts";
import { askForList } from "./ask-for-list.ts";
import { concealed } from "./conceal.ts";
import { type Configured, configuredModels, privateOriginsFor } from "./configured.ts";
import { findModel, findWritten, type LookAll } from "./find-model.ts";
import type {
  LanguageModels,
  LlmContext,
  LlmOverview,
  ModelRef,
  TurnRequest,
} from "./language-models.ts";
import { createModelLists, type ListState } from "./model-lists.ts";
import { chatModels, firstListed, needsList } from "./provider-models.ts";
import { readTurn } from "./read-turn.ts";
import { sendRequest, type SendNeeds } from "./send-request.ts";
import { shapeRequest } from "./shape-request.ts";
import { shapeTools } from "./tool-dialect.ts";

export type LanguageModelNeeds = SendNeeds &
  Readonly<{ snapshots: Pick<SnapshotSource, "current"> }>;

/** Once per isolate: what is kept are lists of models. */
export function createLanguageModels(needs: LanguageModelNeeds): LanguageModels {
  const { snapshots, variables, now } = needs;
  const lists = createModelLists({
    now,
    fetchList: async (provider, context) =>
      askForList(provider, privateOriginsFor(provider, await snapshots.current(context)), needs),
  });
  const configuredBy = new WeakMap<SnapshotData, Configured>();

  /** As the config in force has it; the same as long as that is. */
  async function configured(context: LlmContext): Promise<Configured> {
    const snapshot = await snapshots.current(context);
    const known = configuredBy.get(snapshot);
    if (known !== undefined) return known;
    const made = configuredModels(snapshot, variables);
    configuredBy.set(snapshot, made);
    lists.keepOnly(made.providers);
    return made;
  }

  async function lookAt(
    provider: Configured["providers"][number],
    context: LlmContext,
  ): Promise<ListState> {
    return needsList(provider)
      ? lists.look(provider, context)
      : { models: undefined, problem: undefined };
  }

  function looker({ providers }: Configured, context: LlmContext): LookAll {
    return () =>
      Promise.all(
        providers.map(async (provider) => ({
          provider,
          known: (await lookAt(provider, context)).models,
        })),
      );
  }

  async function overview(context: LlmContext): Promise<LlmOverview> {
    const all = await configured(context);
    const lookAll = looker(all, context);
    const { providers, aliases, loop, defaultModel: written } = all;
    const defaultModel =
      written === undefined
        ? firstListed(await lookAll())
        : await findDefault(written, all, lookAll);
    return { providers, aliases, loop, defaultModel };
  }

  async function send(
    { provider, model }: ModelRef,
    { body, mayRetry }: TurnRequest,
    how: Readonly<{ kind: "chat" | "embeddings"; context: LlmContext }>,
  ): Promise<Response> {
    const privateOrigins = privateOriginsFor(provider, await snapshots.current(how.context));
    const errand = { kind: how.kind, model };
    return sendRequest({ provider, errand, body, mayRetry, privateOrigins }, needs, how.context);
  }

  function fail(error: unknown, { provider }: ModelRef): never {
    throw concealed(error, provider, variables);
  }

  return {
    overview,
    async models(context) {
      const all = await looker(await configured(context), context)();
      return all.flatMap(chatModels).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },
    async troubles(context) {
      const { providers } = await configured(context);
      const states = await Promise.all(
        providers.map(async (provider) => ({ provider, ...(await lookAt(provider, context)) })),
      );
      return states.flatMap(({ provider, problem }) =>
        problem === undefined ? [] : [{ provider: provider.name, problem }],
      );
    },
    async find(name, context) {
      const all = await configured(context);
      return findModel(name, all, looker(all, context));
    },
    async openTurn(ref, { body, mayRetry }, context) {
      const turn = { body: shaped(ref, body, true), mayRetry };
      const response = await send(ref, turn, { kind: "chat", context });
      const { name, timeoutMs } = ref.provider;
      const { signal, after } = context;
      const events = readTurn(response, { provider: name, timeoutMs, signal, after });
      return { forEach: (take) => events.forEach(take).catch((error) => fail(error, ref)) };
    },
    conceal: (ref, error) => concealed(error, ref.provider, variables),
    openRaw(ref, { body, mayRetry }, context) {
      const turn = { body: shaped(ref, body, false), mayRetry };
      return send(ref, turn, { kind: "chat", context });
    },
    embed(ref, body, context) {
      const turn = { body: { ...body, model: ref.model }, mayRetry: true };
      return send(ref, turn, { kind: "embeddings", context });
    },
  };
}

function shaped({ provider, model }: ModelRef, body: JsonObject, wantsUsage: boolean): JsonObject {
  return shapeRequest(body, {
    profile: provider.profile,
    model,
    wantsUsage,
    shapeTools,
  });
}

/** The default may be an alias; an alias may not be one of another. */
function findDefault(
  written: string,
  configured: Configured,
  lookAll: LookAll,
): Promise<ModelRef | undefined> {
  const { aliases } = configured;
  const target = Object.hasOwn(aliases, written) ? aliases[written] : undefined;
  return findWritten(target ?? written, configured, lookAll);
}
