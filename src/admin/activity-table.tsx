import type { AuditOutcome, StoredEvent } from "../telemetry/audit-event.ts";
import { plain } from "../pages/stranger-text.ts";
import { Ago } from "./shown-time.tsx";

type Events = Readonly<{
  events: readonly StoredEvent[];
  /** What users are called, by their ids. */
  names: ReadonlyMap<string, string>;
  now: number;
}>;

/** Events, the newest first; `data-newest` is where a live page goes on. */
export function ActivityTable({ events, names, now }: Events) {
  return (
    <table class="stack tight" data-newest={events[0]?.id}>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">What</th>
          <th scope="col">Outcome</th>
          <th scope="col">Took</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr>
            <td>
              <Ago at={event.at} now={now} />
            </td>
            <td>
              {plain(names.get(event.userId) ?? event.userId)}
              {event.client === undefined ? "" : <small> with {plain(event.client)}</small>}
            </td>
            <td class="whole">
              <What event={event} />
              <Kept event={event} />
            </td>
            <td>
              <Outcome event={event} />
            </td>
            <td class="number">
              {event.kind === "call" || event.kind === "chat" ? `${Math.round(event.ms)} ms` : ""}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Of 2025-11-25: somebody has to log in, or to open another page, before the call can be made. */
const PAGE_FIRST = "-32042";

function Outcome({ event: { outcome, code } }: Readonly<{ event: StoredEvent }>) {
  const isPage = code === PAGE_FIRST;
  return (
    <>
      <span class={`badge ${KINDS[outcome]}`}>
        {isPage ? "a page to open first" : WORDS[outcome]}
      </span>
      {code === undefined || isPage ? "" : <small> {plain(code)}</small>}
    </>
  );
}

/** Only where the config asks for them to be kept. */
function Kept({ event }: Readonly<{ event: StoredEvent }>) {
  const { arguments: given, result } = event;
  if (given === undefined && result === undefined) return "";
  return (
    <details>
      <summary>Arguments and result</summary>
      {[given, result].map((text) => (text === undefined ? "" : <pre>{plain(text)}</pre>))}
    </details>
  );
}

function What({ event }: Readonly<{ event: StoredEvent }>) {
  const { kind, backend, target, method, surface, tokens } = event;
  const where = backend === "" ? "" : plain(backend) + (target === "" ? "" : " / ");
  if (kind === "call") {
    return (
      <>
        {where}
        <code>{plain(target)}</code>
        <small>
          {" "}
          {[...(method === "tools/call" ? [] : [method]), surface ?? ""].filter(Boolean).join(", ")}
        </small>
      </>
    );
  }
  return (
    <>
      {kind.replaceAll("_", " ")} {where}
      {target === "" ? "" : <code>{plain(target)}</code>}
      {tokens === undefined ? "" : <small> {tokens.input + tokens.output} tokens</small>}
    </>
  );
}

const WORDS: Readonly<Record<AuditOutcome, string>> = {
  ok: "ok",
  tool_error: "tool error",
  rpc_error: "refused by the backend",
  cancelled: "cancelled",
  failed: "failed",
};

const KINDS: Readonly<Record<AuditOutcome, string>> = {
  ok: "good",
  tool_error: "warn",
  rpc_error: "warn",
  cancelled: "off",
  failed: "bad",
};
