import type { Sample } from "./audit-store.ts";

/** Seconds: from a tool beside us to one that works for a minute. */
export const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

const DURATION = "gateway_call_duration_seconds";

type Family = Readonly<{ name: string; type: "counter" | "gauge" | "histogram"; help: string }>;

const FAMILIES: readonly Family[] = [
  { name: "gateway_build_info", type: "gauge", help: "The version of the gateway" },
  { name: "gateway_backend_up", type: "gauge", help: "Whether the backend answers" },
  { name: "gateway_backend_tools", type: "gauge", help: "Tools the backend lists" },
  { name: "gateway_calls_total", type: "counter", help: "Calls that went to backends" },
  { name: DURATION, type: "histogram", help: "How long calls took" },
  { name: "gateway_tool_calls_total", type: "counter", help: "Calls by tool" },
  { name: "gateway_chats_total", type: "counter", help: "Answers of language models" },
  { name: "gateway_chat_tokens_total", type: "counter", help: "Tokens, as providers count them" },
  { name: "gateway_events_total", type: "counter", help: "Changes and sign-ins" },
];

/** Labels as they stand between braces. Names of ours; values are anybody's, and are escaped. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeValue(value)}"`)
    .join(",");
}

/** The text format 0.0.4 of Prometheus. Samples of families that are not known are left out. */
export function metricText(samples: readonly Sample[]): string {
  const lines = FAMILIES.flatMap((family) => {
    const own =
      family.type === "histogram"
        ? histogramOf(samples, family.name)
        : samples.filter(({ name }) => name === family.name);
    if (own.length === 0) return [];
    return [
      `# HELP ${family.name} ${family.help}`,
      `# TYPE ${family.name} ${family.type}`,
      ...own.map(({ name, labels, value }) => `${name}{${labels}} ${value}`),
    ];
  });
  return lines.map((line) => `${line}\n`).join("");
}

/** Buckets are kept one by one and shown as what is at most so long, as the format wants it. */
function histogramOf(samples: readonly Sample[], name: string): readonly Sample[] {
  const counted = new Map<string, number>();
  for (const one of samples) {
    if (one.name === `${name}_bucket`) counted.set(one.labels, one.value);
  }
  return samples
    .filter((one) => one.name === `${name}_sum`)
    .flatMap((sum) => {
      let count = 0;
      const buckets = [...BUCKETS.map(String), "+Inf"].map((le) => {
        const labels = `${sum.labels},le="${le}"`;
        count += counted.get(labels) ?? 0;
        return { name: `${name}_bucket`, labels, value: count };
      });
      return [...buckets, sum, { name: `${name}_count`, labels: sum.labels, value: count }];
    });
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
