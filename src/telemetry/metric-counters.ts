import type { StoredEvent } from "./audit-event.ts";
import type { Keep, Sample } from "./audit-store.ts";
import { BUCKETS, labelText } from "./metric-text.ts";

/** What a scrape can carry; a gateway with fifty backends has a tenth of it. */
const MAX_SERIES = 5_000;

type Event = Omit<StoredEvent, "id">;

/** Counters that survive their isolates, under the very names and labels they are shown with. */
export class MetricCounters {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS counters (
         name TEXT, labels TEXT, value REAL NOT NULL, PRIMARY KEY (name, labels)) WITHOUT ROWID`,
    );
  }

  add(events: readonly Event[], keep: Keep): void {
    const sums = new Map<string, Sample>();
    for (const { name, labels, value } of events.flatMap((event) => samplesOf(event, keep))) {
      const key = `${name} ${labels}`;
      sums.set(key, { name, labels, value: value + (sums.get(key)?.value ?? 0) });
    }
    const [row] = this.#sql
      .exec<{ held: number }>("SELECT COUNT(*) AS held FROM counters")
      .toArray();
    const isFull = (row?.held ?? 0) >= MAX_SERIES;
    for (const { name, labels, value } of sums.values()) {
      this.#sql.exec(
        isFull
          ? "UPDATE counters SET value = value + ?3 WHERE name = ?1 AND labels = ?2"
          : `INSERT INTO counters VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET value = value + excluded.value`,
        name,
        labels,
        value,
      );
    }
  }

  all(): readonly Sample[] {
    return this.#sql.exec<Sample>("SELECT * FROM counters ORDER BY name, labels").toArray();
  }
}

function samplesOf(event: Event, { toolMetrics }: Keep): readonly Sample[] {
  const { kind } = event;
  if (kind === "chat") return samplesOfChat(event);
  if (kind !== "call") return [count("gateway_events_total", { kind })];
  return [...samplesOfCall(event), ...(toolMetrics ? [sampleOfTool(event)] : [])];
}

function samplesOfCall({ backend, method, outcome, ms }: Event): readonly Sample[] {
  const labels = { backend, method };
  const seconds = ms / 1_000;
  const bucket = BUCKETS.find((bound) => seconds <= bound);
  return [
    count("gateway_calls_total", { ...labels, outcome }),
    count("gateway_call_duration_seconds_bucket", { ...labels, le: String(bucket ?? "+Inf") }),
    count("gateway_call_duration_seconds_sum", labels, seconds),
  ];
}

function sampleOfTool({ backend, target, outcome }: Event): Sample {
  return count("gateway_tool_calls_total", { backend, tool: target, outcome });
}

/** A name of a model that nobody has heard of is anybody's text: it becomes no series. */
function samplesOfChat({ backend, target, outcome, tokens }: Event): readonly Sample[] {
  const labels = { provider: backend, model: outcome === "ok" ? target : "" };
  return [
    count("gateway_chats_total", { ...labels, outcome }),
    ...(tokens === undefined
      ? []
      : [
          count("gateway_chat_tokens_total", { ...labels, direction: "input" }, tokens.input),
          count("gateway_chat_tokens_total", { ...labels, direction: "output" }, tokens.output),
        ]),
  ];
}

function count(name: string, labels: Readonly<Record<string, string>>, value = 1): Sample {
  return { name, labels: labelText(labels), value };
}
