import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import * as z from "zod";
import { callTool } from "./conformance-behaviour.ts";
import type { Answer, Back, Question } from "./conformance-client.ts";
import type { ConformanceState } from "./conformance-state.ts";

/** The tasks extension (SEP-2663) of the modern conformance server: the SDK has none. */

export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
/** Run as a task for whoever knows tasks; the first kind refuses everybody else. */
const REQUIRED = new Set(["failing_job", "protocol_error_job", "test_tool_with_task"]);
const SUPPORTED = new Set(["slow_compute", "confirm_delete", "multi_input"]);
const TASK_METHODS = new Set(["tasks/get", "tasks/update", "tasks/cancel"]);
const TTL_MS = 3_600_000;
const POLL_INTERVAL_MS = 200;
const MAX_TASKS = 500;

const json = z.record(z.string(), z.unknown());
const request = z.object({
  id: z.union([z.string(), z.number()]),
  method: z.string(),
  params: z.looseObject({
    name: z.string().optional(),
    arguments: json.default({}),
    taskId: z.string().optional(),
    inputResponses: z.record(z.string(), json).optional(),
    _meta: z.looseObject({
      "io.modelcontextprotocol/clientCapabilities": z.looseObject({
        extensions: json.optional(),
      }),
    }),
  }),
});
type TaskRequest = z.infer<typeof request>;

type Task = {
  readonly taskId: string;
  readonly createdAt: string;
  readonly stop: AbortController;
  readonly pending: Map<string, Readonly<{ question: Question; answer: (answer: Answer) => void }>>;
  lastUpdatedAt: string;
  outcome:
    | { status: "working" | "cancelled" }
    | { status: "completed"; result: unknown }
    | { status: "failed"; error: Readonly<{ code: number; message: string }> };
};

type Reply = Readonly<{ status: number; body: object }>;

export type ConformanceTasks = Readonly<{
  /** Undefined for what has nothing to do with tasks. */
  answer: (body: string, headers: IncomingHttpHeaders) => Reply | undefined;
}>;

export function createTasks(state: ConformanceState): ConformanceTasks {
  const tasks = new Map<string, Task>();

  function start(name: string, args: Record<string, unknown>, known: Answers): Task {
    const now = new Date().toISOString();
    const task: Task = {
      taskId: randomUUID(),
      createdAt: now,
      lastUpdatedAt: now,
      stop: new AbortController(),
      pending: new Map(),
      outcome: { status: "working" },
    };
    tasks.set(task.taskId, task);
    const [oldest = ""] = tasks.keys();
    if (tasks.size > MAX_TASKS) tasks.delete(oldest);
    const settle = (outcome: Task["outcome"]): void => {
      if (task.outcome.status === "working") update(task, outcome);
    };
    void callTool(name, args, backTo(task, state, known)).then(
      (result) => settle({ status: "completed", result }),
      (error: unknown) =>
        settle({ status: "failed", error: { code: -32_603, message: String(error) } }),
    );
    return task;
  }

  function call({ id, params }: TaskRequest): Reply | undefined {
    const { name = "", arguments: args, inputResponses = {} } = params;
    if (!REQUIRED.has(name) && !SUPPORTED.has(name)) return undefined;
    if (!knowsTasks(params)) return REQUIRED.has(name) ? refuse(id) : undefined;
    // What it has to know first it asks the plain way, before there is a task.
    if (name === "test_tool_with_task" && inputResponses["user_name"] === undefined) {
      return undefined;
    }
    return succeed(id, { resultType: "task", ...basics(start(name, args, inputResponses)) });
  }

  function manage({ id, method, params }: TaskRequest): Reply {
    if (!knowsTasks(params)) return refuse(id);
    const { taskId = "", inputResponses = {} } = params;
    const task = tasks.get(taskId);
    if (task === undefined) return fail(id, { code: -32_602, message: "Unknown task" }, 200);
    if (method === "tasks/get") return succeed(id, { resultType: "complete", ...details(task) });
    if (method === "tasks/update") {
      for (const [key, answer] of Object.entries(inputResponses)) {
        task.pending.get(key)?.answer(answer);
        task.pending.delete(key);
      }
    } else if (task.outcome.status === "working") {
      update(task, { status: "cancelled" });
      task.stop.abort();
    }
    return succeed(id, { resultType: "complete" });
  }

  return {
    answer(body, headers) {
      const parsed = request.safeParse(parseJson(body));
      if (!parsed.success) return undefined;
      const { id, method, params } = parsed.data;
      if (method === "tools/call") {
        // A wrong header is the SDK's to find.
        const agree = headers["mcp-method"] === method && headers["mcp-name"] === params.name;
        return agree ? call(parsed.data) : undefined;
      }
      if (!TASK_METHODS.has(method)) return undefined;
      if (headers["mcp-method"] !== method || headers["mcp-name"] !== params.taskId) {
        return fail(id, { code: -32_020, message: "Header mismatch" });
      }
      return manage(parsed.data);
    },
  };
}

type Answers = Readonly<Record<string, Answer>>;

function backTo(task: Task, state: ConformanceState, known: Answers): Back {
  return {
    state,
    signal: task.stop.signal,
    capabilities: {},
    progress: async () => {},
    log: async () => {},
    ask: async (questions) => {
      const asked = Object.entries<Question>(questions).map(
        async ([key, question]): Promise<[string, Answer]> => {
          const { promise, resolve } = Promise.withResolvers<Answer>();
          if (known[key] === undefined) task.pending.set(key, { question, answer: resolve });
          else resolve(known[key]);
          return [key, await promise];
        },
      );
      return Object.fromEntries(await Promise.all(asked)) as Record<keyof typeof questions, Answer>;
    },
    completeUrl: async () => {},
    knownRoots: async () => undefined,
    closeStream: () => {},
  };
}

function update(task: Task, outcome: Task["outcome"]): void {
  task.outcome = outcome;
  task.lastUpdatedAt = new Date().toISOString();
}

function basics({ taskId, createdAt, lastUpdatedAt, outcome, pending }: Task): object {
  const waits = outcome.status === "working" && pending.size > 0;
  return {
    taskId,
    status: waits ? "input_required" : outcome.status,
    createdAt,
    lastUpdatedAt,
    ttlMs: TTL_MS,
    pollIntervalMs: POLL_INTERVAL_MS,
  };
}

function details(task: Task): object {
  const { outcome, pending } = task;
  if (outcome.status !== "working" || pending.size === 0) return { ...basics(task), ...outcome };
  const inputRequests = [...pending].map(([key, { question }]) => [key, question]);
  return { ...basics(task), inputRequests: Object.fromEntries(inputRequests) };
}

function knowsTasks({ _meta: meta }: TaskRequest["params"]): boolean {
  const { extensions } = meta["io.modelcontextprotocol/clientCapabilities"];
  return extensions?.[TASKS_EXTENSION] !== undefined;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

type Id = string | number;

function succeed(id: Id, value: object): Reply {
  return { status: 200, body: { jsonrpc: "2.0", id, result: value } };
}

function fail(
  id: Id,
  value: { code: number; message: string; data?: object },
  status = 400,
): Reply {
  return { status, body: { jsonrpc: "2.0", id, error: value } };
}

function refuse(id: Id): Reply {
  return fail(id, {
    code: -32_021,
    message: "The client does not know tasks",
    data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
  });
}
