import * as z from "zod";
import type { AdminClient } from "./admin-client.ts";
import type { StatusOptions } from "./status-line.ts";
import type { CommandOutput } from "./command-output.ts";
import { alignRows, countOf, oneLine } from "../shell/terminal.ts";

const backend = z.looseObject({
  name: z.string(),
  state: z.string(),
  transport: z.string().nullish(),
  protocolVersion: z.string().nullish(),
  toolCount: z.number().nullish(),
  latencyMs: z.number().nullish(),
  lastError: z.string().nullish(),
  warnings: z.array(z.string()).default([]),
});
const report = z.looseObject({
  version: z.string(),
  backends: z.array(backend),
  languageModels: z
    .looseObject({
      default: z.string().nullable(),
      providers: z.array(z.looseObject({ name: z.string(), problem: z.string().nullable() })),
    })
    .optional(),
  warnings: z.array(z.string()).default([]),
});
type Report = z.infer<typeof report>;

const MAX_REASON = 120;

/** How every backend is that the key may know of. */
export async function statusCommand(
  { json }: StatusOptions,
  { client, output }: Readonly<{ client: AdminClient; output: CommandOutput }>,
): Promise<number> {
  const answer = await client({ what: "read the status", path: "/status", answer: report });
  const lines = json ? [JSON.stringify(answer, null, 2)] : renderStatus(answer);
  for (const line of lines) output.print(line);
  return 0;
}

function renderStatus({ version, backends, languageModels, warnings }: Report): readonly string[] {
  const rows = backends.map((each) => [
    oneLine(each.name),
    oneLine(each.state),
    oneLine(each.transport ?? "-"),
    oneLine(each.protocolVersion ?? "-"),
    each.toolCount === undefined || each.toolCount === null ? "-" : String(each.toolCount),
    each.latencyMs === undefined || each.latencyMs === null ? "-" : `${each.latencyMs} ms`,
    oneLine(each.lastError ?? "", MAX_REASON),
  ]);
  const header = ["BACKEND", "STATE", "TRANSPORT", "PROTOCOL", "TOOLS", "LATENCY", ""];
  const notes = [...backends.flatMap((each) => each.warnings), ...warnings];
  return [
    `mcp-edge-gateway ${oneLine(version)}, ${countOf(backends.length, "backend")}`,
    ...(rows.length === 0 ? [] : alignRows([header, ...rows])),
    ...renderModels(languageModels),
    ...notes.map((note) => `! ${oneLine(note, 400)}`),
  ];
}

function renderModels(models: Report["languageModels"]): readonly string[] {
  if (models === undefined || models.providers.length === 0) return [];
  return [
    `Language model: ${oneLine(models.default ?? "none by default")}`,
    ...alignRows(
      models.providers.map(({ name, problem }) => [
        oneLine(name),
        problem === null ? "answers" : oneLine(problem, MAX_REASON),
      ]),
    ),
  ];
}
