import type { BackendOrder } from "../config/backend-order.ts";
import { asGatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import { SingleFlight } from "../core/single-flight.ts";
import { afterListing } from "./backend-health.ts";
import type { BackendMemory } from "./backend-memory.ts";
import { NOTHING_KEPT } from "./backend-store.ts";
import type { ConnectorCare } from "./connector-care.ts";
import { ScopeNeeded } from "./lease.ts";
import { LIST_LIMIT_MS, listBackend, type ListingIo } from "./list-backend.ts";
import type { LiveConnection } from "./live-connection.ts";
import { isPersonal } from "./login-names.ts";
import { askedToWaitMs, nextRelistMs, retryDelayMs } from "./retry-times.ts";
import type { ServedListing } from "./served-listing.ts";

/** A backend that waits for a login: should nobody have told of it. */
const NEEDED_RETRY_MS = 10 * 60 * 1_000;

export type ListingWorkDeps = Readonly<{
  memory: BackendMemory;
  connection: LiveConnection;
  care: ConnectorCare;
  served: ServedListing;
  send: ListingIo["send"];
  report: () => Promise<void>;
  /** The backend wants a token that is good for more. */
  needScope: (backend: BackendName, scope: string) => void;
  /** Epoch ms of the next run. */
  setAlarm: (at: number) => Promise<void>;
  deleteAlarm: () => Promise<void>;
  now: () => number;
}>;

/** Connects to a backend, lists what it offers, serves what of it is trusted, and says how it went. */
export class ListingWork {
  readonly #deps: ListingWorkDeps;
  #running = new SingleFlight(LIST_LIMIT_MS);
  #lastRun = 0;

  constructor(deps: ListingWorkDeps) {
    this.#deps = deps;
  }

  get isRunning(): boolean {
    return this.#running.isRunning;
  }

  /** Epoch ms of the end of the last run. */
  get lastRun(): number {
    return this.#lastRun;
  }

  /** What runs for the order before is not waited for. */
  beginAnew(): void {
    this.#running = new SingleFlight(LIST_LIMIT_MS);
  }

  /** Once at a time; never throws: what went wrong is in the report. */
  run(): Promise<void> {
    return this.#running.run(() => this.#connectAndList());
  }

  /** The order may say something else about trust: that holds at once, whatever the backend does. */
  async judgeAgain(): Promise<void> {
    const { order, kept } = this.#deps.memory;
    const generation = this.#deps.connection.generation;
    if (order !== undefined && kept.listingHash !== undefined) {
      const listing = await this.#deps.served.again(order);
      if (generation !== this.#deps.connection.generation) return;
      this.#deps.served.serve(listing);
    }
    await this.#deps.report();
  }

  async #connectAndList(): Promise<void> {
    const { memory, connection, care, served, send, report, now } = this.#deps;
    const { generation } = connection;
    const { order } = memory;
    if (order === undefined) return;
    if (care.isMissed) return care.noteAbsence();
    if (this.#isOnlyAName(order)) return this.#stayApart();
    let delay: number;
    try {
      const started = now();
      const { listing: raw, ttlMs } = await listBackend(order, { memory, connection, send });
      if (generation !== connection.generation) return;
      const listing = await served.judge(memory.order ?? order, raw);
      if (generation !== connection.generation) return;
      memory.keep(afterListing({ started, now: now() }));
      served.serve(listing);
      // Built-in servers are part of this Worker: they change only with it.
      if (order.config.transport.kind === "builtin") return await report();
      delay = care.tellsOfChanges ? Infinity : nextRelistMs(ttlMs);
    } catch (error) {
      if (generation !== connection.generation) return;
      const failure = asGatewayError(error);
      connection.fail(failure);
      if (failure instanceof ScopeNeeded) {
        this.#deps.needScope(order.config.name, failure.scope);
        memory.keep({ login: "needed" });
      }
      delay = Math.max(
        retryDelayMs(memory.kept.failures, Math.random()),
        askedToWaitMs(failure),
        // Whoever logs in has it tried at once.
        memory.kept.login === "needed" ? NEEDED_RETRY_MS : 0,
      );
    }
    this.#lastRun = now();
    if (delay < Infinity) await this.#deps.setAlarm(now() + delay);
    await care.watchExpiry();
    await report();
  }

  /** Everybody's own object connects; the one they would share has nobody's credential. */
  #isOnlyAName({ config }: BackendOrder): boolean {
    return isPersonal(config) && this.#deps.memory.kept.role === "shared";
  }

  async #stayApart(): Promise<void> {
    const { revision } = this.#deps.memory.kept;
    this.#deps.memory.store.clearListing();
    const toReview = this.#deps.served.waiting();
    const apart = { role: "shared", state: "ready", revision, toReview } as const;
    this.#deps.memory.keep({ ...NOTHING_KEPT, connection: undefined, ...apart }, NOTHING_KEPT);
    await this.#deps.deleteAlarm();
    await this.#deps.report();
  }
}
