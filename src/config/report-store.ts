import { backendReport, type BackendReport } from "./backend-report.ts";

/** The last report of each backend, kept so that an evicted registry still knows the listings. */
export class ReportStore {
  readonly #sql: SqlStorage;
  readonly #reports: Map<string, BackendReport>;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS reports (name TEXT PRIMARY KEY, report TEXT NOT NULL)");
    this.#reports = new Map(
      sql
        .exec<{ name: string; report: string }>("SELECT * FROM reports")
        .toArray()
        .map(({ name, report }) => [name, backendReport.parse(JSON.parse(report))]),
    );
  }

  get(name: string): BackendReport | undefined {
    return this.#reports.get(name);
  }

  /** False when nothing a reader of snapshots could act on has changed. */
  put(name: string, report: BackendReport): boolean {
    const before = this.#reports.get(name);
    this.#reports.set(name, report);
    if (before !== undefined && isSame(before, report)) return false;
    this.#sql.exec("INSERT OR REPLACE INTO reports VALUES (?, ?)", name, JSON.stringify(report));
    return true;
  }

  delete(name: string): void {
    if (this.#reports.delete(name)) this.#sql.exec("DELETE FROM reports WHERE name = ?", name);
  }

  all(): Readonly<Record<string, BackendReport>> {
    return Object.fromEntries(this.#reports);
  }
}

function isSame(before: BackendReport, after: BackendReport): boolean {
  const { lastSeen: _seen, latencyMs: _latency, ...a } = before;
  const { lastSeen: _seenNow, latencyMs: _latencyNow, ...b } = after;
  return JSON.stringify(a) === JSON.stringify(b);
}
