import * as z from "zod";
import { setTimeout as sleep } from "node:timers/promises";

/** Connecting backends never make these answers wait: only a broken gateway takes longer. */
const REQUEST_TIMEOUT_MS = 10_000;
const HEALTH_INTERVAL_MS = 50;

const putAnswer = z.looseObject({
  version: z.number(),
  warnings: z.array(z.string()).default([]),
});
const errorAnswer = z.looseObject({
  error: z.looseObject({ code: z.string().optional(), message: z.string() }),
});
const storedConfig = z.looseObject({ document: z.record(z.string(), z.json()) });
const backendStatus = z.looseObject({
  name: z.string(),
  state: z.string(),
  transport: z.string().optional(),
  protocolVersion: z.string().nullish(),
  credentials: z.string().optional(),
  counts: z.looseObject({ tools: z.number().default(0) }).nullish(),
  lastError: z.string().nullish(),
});
const modelStatus = z.looseObject({
  default: z.string().nullable(),
  providers: z.array(z.looseObject({ name: z.string(), problem: z.string().nullable() })),
});
const statusAnswer = z.looseObject({
  backends: z.array(backendStatus),
  languageModels: modelStatus.optional(),
});

export type BackendStatus = z.infer<typeof backendStatus>;
export type ModelStatus = z.infer<typeof modelStatus>;
export type PutOutcome =
  | Readonly<{ kind: "accepted"; version: number; warnings: readonly string[] }>
  | Readonly<{ kind: "refused"; message: string }>
  | Readonly<{ kind: "failed"; message: string }>;

export type GatewayAccess = Readonly<{
  url: string;
  apiKey: string;
  ownerPassword: string;
  /** Marks what we send as the file of this machine; absent towards a deployed gateway. */
  localCommandKey: string | undefined;
}>;

export type GatewayClient = Readonly<{
  /** Until the gateway answers or `timeoutMs` have passed. */
  waitUntilHealthy: (timeoutMs: number) => Promise<boolean>;
  putConfig: (text: string) => Promise<PutOutcome>;
  /** The document in force, its secrets masked; putting it back puts them back too. */
  readConfig: () => Promise<string | undefined>;
  /** Undefined when it could not be asked. */
  readStatus: () => Promise<readonly BackendStatus[] | undefined>;
  /** The language models behind the gateway. */
  readModels: () => Promise<ModelStatus | undefined>;
}>;

/** The command's own way into the gateway: the public pages, like anybody else. */
export function createGatewayClient(access: GatewayAccess): GatewayClient {
  const request = (path: string, init: RequestInit): Promise<Response> =>
    fetch(new URL(path, access.url), {
      ...init,
      redirect: "error",
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });

  const asOwner = {
    authorization: `Basic ${Buffer.from(`owner:${access.ownerPassword}`).toString("base64")}`,
  };

  return {
    waitUntilHealthy: async (timeoutMs) => {
      const deadline = performance.now() + timeoutMs;
      while (performance.now() < deadline) {
        try {
          const answer = await request("/health", {});
          await answer.body?.cancel();
          if (answer.status === 200) return true;
        } catch {
          // not listening yet
        }
        await sleep(HEALTH_INTERVAL_MS);
      }
      return false;
    },

    putConfig: async (text) => {
      const headers: Record<string, string> = { ...asOwner, "content-type": "application/json" };
      if (access.localCommandKey !== undefined) {
        headers["x-local-command-key"] = access.localCommandKey;
      }
      try {
        const answer = await request("/admin/api/config", { method: "PUT", headers, body: text });
        return readPutOutcome(answer.status, await answer.text());
      } catch (error) {
        return { kind: "failed", message: describe(error) };
      }
    },

    readConfig: async () => {
      try {
        const answer = await request("/admin/api/config", { headers: asOwner });
        const body = await answer.text();
        return JSON.stringify(storedConfig.parse(JSON.parse(body)).document);
      } catch {
        return undefined; // the caller says that it could not be asked
      }
    },

    readStatus: async () => (await readReport())?.backends,
    readModels: async () => (await readReport())?.languageModels,
  };

  async function readReport(): Promise<z.infer<typeof statusAnswer> | undefined> {
    try {
      const answer = await request("/status", {
        headers: { authorization: `Bearer ${access.apiKey}` },
      });
      const body = await answer.text();
      return answer.status === 200 ? statusAnswer.parse(JSON.parse(body)) : undefined;
    } catch {
      return undefined; // the caller asks again, and says so when it stays this way
    }
  }
}

function readPutOutcome(status: number, body: string): PutOutcome {
  const json = readJson(body);
  const accepted = putAnswer.safeParse(json);
  if (status === 200 && accepted.success) return { kind: "accepted", ...accepted.data };
  const refused = errorAnswer.safeParse(json);
  const message = refused.success ? refused.data.error.message : `status ${status}`;
  return { kind: status === 422 ? "refused" : "failed", message };
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
