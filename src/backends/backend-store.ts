import * as z from "zod";
import type { Listing } from "../catalog/listing.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { Seal } from "../core/seal.ts";
import { ChunkedText } from "./chunked-text.ts";
import { connectionSchema, jsonObject } from "./connection.ts";

/** Everything a backend's object remembers in clear; secrets are in the sealed part. */
const keptSchema = z.object({
  /** Grows with every new connection, for ever: an old lease is never mistaken for a new one. */
  revision: z.number(),
  role: z.enum(["shared", "session", "personal"]),
  /** Whose login it connects with. */
  holding: z.object({ login: z.string(), account: z.string() }).optional(),
  /** What became of it; undefined while the backend was not found to want one. */
  login: z.enum(["needed", "ready"]).optional(),
  state: z.enum(["connecting", "ready", "down", "offline"]),
  connection: connectionSchema.optional(),
  /** With the newest start of a local server: its connector may lose us and come back to us. */
  handshake: z.object({ run: z.string(), connection: connectionSchema }).optional(),
  /** Since when a backend of a connector is not there, epoch ms. */
  offlineSince: z.number().optional(),
  /** Of the client whose session this is; declared to a legacy backend at `initialize`. */
  capabilities: jsonObject.optional(),
  /** When the backend was found to be legacy, epoch ms; asked again a day later. */
  legacySince: z.number().optional(),
  failures: z.number(),
  lastError: z.string().optional(),
  lastSeen: z.number().optional(),
  latencyMs: z.number().optional(),
  /** Last lease given out, epoch ms, to within a few minutes. */
  usedAt: z.number(),
  listingHash: z.string().optional(),
  counts: z.object({
    tools: z.number(),
    prompts: z.number(),
    resources: z.number(),
    resourceTemplates: z.number(),
  }),
  warnings: z.array(z.string()),
  /** Tools that wait for a verdict, where there are any. */
  toReview: z.number().optional(),
});
export type Kept = Readonly<z.infer<typeof keptSchema>>;

/** The order with its URL and headers as written, and the session id: credentials, all of them. */
export type Sealed = Readonly<{ order: BackendOrder; sessionId: string | undefined }>;

export const NOTHING_KEPT: Kept = {
  revision: 0,
  role: "shared",
  state: "connecting",
  failures: 0,
  usedAt: 0,
  counts: { tools: 0, prompts: 0, resources: 0, resourceTemplates: 0 },
  warnings: [],
};

/** The object's SQLite: `kept` (clear), `sealed` (AES-GCM), `listing` (chunks of its JSON). */
export class BackendStore {
  readonly #sql: SqlStorage;
  readonly #seal: Seal;
  readonly #listing: ChunkedText;

  constructor(sql: SqlStorage, seal: Seal) {
    this.#sql = sql;
    this.#listing = new ChunkedText(sql, "listing");
    this.#seal = seal;
    this.#createTables();
  }

  read(): Kept {
    const row = this.#sql.exec<{ value: string }>("SELECT value FROM kept").toArray()[0];
    if (row === undefined) return NOTHING_KEPT;
    const parsed = keptSchema.safeParse(JSON.parse(row.value));
    // Written by another version of this Worker: connecting anew is always right.
    return parsed.success ? parsed.data : NOTHING_KEPT;
  }

  write(kept: Kept): void {
    this.#sql.exec("INSERT OR REPLACE INTO kept VALUES (1, ?)", JSON.stringify(kept));
  }

  /** Undefined when there is none, or the key is not the one it was sealed with. */
  async openSealed(): Promise<Sealed | undefined> {
    const row = this.#sql.exec<{ value: string }>("SELECT value FROM sealed").toArray()[0];
    if (row === undefined) return undefined;
    try {
      // Sealed with our key by this class: what comes out is what went in.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return JSON.parse(await this.#seal.open(row.value)) as Sealed;
    } catch {
      return undefined; // the next order brings everything again
    }
  }

  async seal(sealed: Sealed): Promise<void> {
    const value = await this.#seal.seal(JSON.stringify(sealed));
    this.#sql.exec("INSERT OR REPLACE INTO sealed VALUES (1, ?)", value);
  }

  writeListing(listing: Listing): void {
    this.#listing.write(JSON.stringify(listing));
  }

  readListing(): Listing | undefined {
    const text = this.#listing.read();
    if (text === undefined) return undefined;
    // Written by `writeListing`, from a listing that was checked when it was collected.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return JSON.parse(text) as Listing;
  }

  clearListing(): void {
    this.#listing.clear();
  }

  clear(): void {
    this.clearListing();
    this.#sql.exec("DELETE FROM sealed");
    this.#sql.exec("DELETE FROM kept");
  }

  #createTables(): void {
    this.#sql.exec("CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY, value TEXT NOT NULL)");
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS sealed (id INTEGER PRIMARY KEY, value TEXT NOT NULL)",
    );
  }
}
