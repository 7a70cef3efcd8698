import type { BackendOrder } from "../config/backend-order.ts";
import type { Registry } from "../config/registry.ts";
import { reportOf } from "./backend-health.ts";
import type { BackendMemory } from "./backend-memory.ts";
import type { Kept } from "./backend-store.ts";
import type { ConnectorSeat } from "./connector-seat.ts";
import type { LoginHolding } from "./login-names.ts";
import type { LoginStub } from "./login-stub.ts";

export type BackendReporterDeps = Readonly<{
  memory: BackendMemory;
  seat: Pick<ConnectorSeat, "seated">;
  registry: () => Pick<Registry, "reportBackend">;
  /** Where the states of a user's own connections are kept. */
  logins: (user: string) => Pick<LoginStub, "reportPersonal">;
  holding: () => LoginHolding;
  /** Whoever is to be told is not there right now: it is told with the next work. */
  onUnheard: () => Promise<void>;
}>;

/** Tells how a backend is: the registry of everybody's, the logins of a user of their own. */
export class BackendReporter {
  readonly #deps: BackendReporterDeps;

  constructor(deps: BackendReporterDeps) {
    this.#deps = deps;
  }

  async report(): Promise<void> {
    const { order, kept } = this.#deps.memory;
    if (order === undefined || kept.role === "session") return;
    const told =
      kept.role === "personal" ? this.#tellUser(order, kept) : this.#tellAll(order, kept);
    await told.catch(() => this.#deps.onUnheard());
  }

  #tellAll(order: BackendOrder, kept: Kept): Promise<void> {
    const { memory, seat, registry } = this.#deps;
    const report = reportOf(order, kept, {
      connector: seat.seated,
      tools: () => memory.store.readListing()?.tools,
    });
    return registry().reportBackend(order.config.name, report);
  }

  #tellUser(order: BackendOrder, kept: Kept): Promise<void> {
    const { logins, holding } = this.#deps;
    const { login, account } = holding();
    const { connection, state, listingHash } = kept;
    return logins(login).reportPersonal(order.config.name, account, {
      configVersion: order.configVersion,
      state,
      listingHash,
      era: connection?.era,
      sessionful: connection?.sessionful ?? false,
    });
  }
}
