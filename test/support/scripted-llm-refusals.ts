import * as z from "zod";
import { type ChatRequest, namedChoice, offeredNames, textOf } from "./scripted-llm-ask.ts";
import { parseScript } from "./scripted-llm-script.ts";

/** An answer of 400 and above. */
export type Fault = Readonly<{
  status: number;
  message: string;
  type?: string;
  code?: string | null;
  param?: string | null;
  headers?: Readonly<Record<string, string>>;
  /** In place of what the personality would say. */
  body?: unknown;
}>;

/** One thing a provider does not take; undefined when it is not there. */
export type Rule = (request: ChatRequest) => Fault | undefined;

export function refusalOf(request: ChatRequest, rules: readonly Rule[]): Fault | undefined {
  for (const rule of rules) {
    const fault = rule(request);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

export function bad(message: string, more: Partial<Fault> = {}): Fault {
  return { status: 400, type: "invalid_request_error", code: null, param: null, message, ...more };
}

// What every provider with a chat template insists on.

/** Each call has its answer directly after it, and each answer its call. */
export const pairsCalls: Rule = ({ messages }) => {
  let open = new Set<string>();
  for (const [place, message] of messages.entries()) {
    if (message.role === "tool") {
      if (!open.delete(message.tool_call_id ?? "")) {
        return bad(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          { param: `messages.[${place}].role` },
        );
      }
      continue;
    }
    if (open.size > 0) return unanswered(open);
    open = new Set((message.tool_calls ?? []).map(({ id }) => id ?? ""));
  }
  return open.size > 0 ? unanswered(open) : undefined;
};

function unanswered(ids: ReadonlySet<string>): Fault {
  return bad(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...ids].join(", ")}`,
    { param: "messages" },
  );
}

export const choosesAmongTools: Rule = (request) => {
  const named = namedChoice(request);
  if ((request.tool_choice ?? undefined) !== undefined && request.tools === undefined) {
    return bad("'tool_choice' is only allowed when 'tools' are specified.", {
      param: "tool_choice",
    });
  }
  return named === undefined || offeredNames(request).includes(named)
    ? undefined
    : bad(`Tool choice '${named}' not found in 'tools' parameter.`, { param: "tool_choice" });
};

/** Those before OpenAI's models that reason. */
export const knowsPlainRoles: Rule = ({ messages }) => {
  const place = messages.findIndex(({ role }) => role === "developer");
  return place < 0
    ? undefined
    : bad(
        `Failed to deserialize the JSON body into the target type: messages[${place}].role: unknown variant \`developer\`, expected one of \`system\`, \`user\`, \`assistant\`, \`tool\``,
        { status: 422 },
      );
};

export function boundsTemperature(most: number): Rule {
  return ({ temperature }) =>
    typeof temperature === "number" && temperature > most
      ? bad(
          `Invalid 'temperature': decimal above maximum value. Expected a value <= ${most}, but got ${temperature} instead.`,
          { param: "temperature", code: "decimal_above_max_value" },
        )
      : undefined;
}

export const argumentsAreText: Rule = ({ messages }) => {
  for (const [place, { tool_calls: calls = [] }] of messages.entries()) {
    const odd = calls.findIndex((call) => typeof call.function.arguments !== "string");
    if (odd >= 0) {
      const param = `messages[${place}].tool_calls[${odd}].function.arguments`;
      return bad(`Invalid type for '${param}': expected a string, but got an object instead.`, {
        param,
        code: "invalid_type",
      });
    }
  }
  return undefined;
};

// OpenAI and Azure.

const OPENAI_FIELDS =
  "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages metadata modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options";

export const knowsOpenAiFields: Rule = (request) => {
  const stranger = strangerIn(request, OPENAI_FIELDS);
  return stranger === undefined
    ? undefined
    : bad(`Unrecognized request argument supplied: ${stranger}`, { param: stranger });
};

export const countsTools: Rule = ({ tools }) => {
  if (tools === undefined) return undefined;
  if (tools.length === 0) {
    return bad(
      "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      {
        param: "tools",
        code: "empty_array",
      },
    );
  }
  return tools.length <= 128
    ? undefined
    : bad(
        `Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length ${tools.length} instead.`,
        { param: "tools", code: "array_above_max_length" },
      );
};

/** Models that reason know only the newer name. */
export const renamesMaxTokens: Rule = (request) =>
  "max_tokens" in request && /^(o\d|gpt-[5-9])/.test(request.model ?? "")
    ? bad(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        { param: "max_tokens", code: "unsupported_parameter" },
      )
    : undefined;

export const namesFunctions: Rule = (request) => {
  const place = (request.tools ?? []).findIndex(
    (tool) => tool.function !== undefined && !/^[a-zA-Z0-9_-]{1,64}$/.test(tool.function.name),
  );
  if (place >= 0) {
    const param = `tools[${place}].function.name`;
    return bad(
      `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
      { param, code: "invalid_value" },
    );
  }
  const names = offeredNames(request);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined
    ? undefined
    : bad(`Function name '${twice}' is used twice.`, { param: "tools" });
};

// The strict one: takes only a handful of fields and the plainest of schemas.

export const strictFields: Rule = (request) => {
  const stranger =
    strangerIn(
      request,
      "frequency_penalty max_tokens messages model parallel_tool_calls presence_penalty response_format seed stop stream stream_options temperature tool_choice tools top_p",
    ) ??
    within(request.messages, "messages", "role content name tool_calls tool_call_id") ??
    within(request.tools ?? [], "tools", "type function") ??
    within(
      (request.tools ?? []).map((tool) => tool.function ?? {}),
      "tools.function",
      "name description parameters",
    );
  if (stranger !== undefined) return bad(`Unknown parameter: '${stranger}'.`, { param: stranger });
  const role = request.messages.find(
    (message) => !["system", "user", "assistant", "tool"].includes(message.role),
  );
  return role === undefined
    ? undefined
    : bad(`Invalid value: '${role.role}'.`, { param: "messages.role" });
};

// Gemini's compatible endpoint.

const GEMINI_UNKNOWN = [
  "store",
  "metadata",
  "logit_bias",
  "prompt_cache_key",
  "safety_identifier",
  "verbosity",
];

export const geminiFields: Rule = (request) => {
  const unknown = GEMINI_UNKNOWN.find((key) => key in request);
  if (unknown !== undefined) {
    return bad(`Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`);
  }
  return request.tools?.length === 0
    ? bad("GenerateContentRequest.tools[0]: tool_type: must have one initialized field")
    : undefined;
};

export const geminiNames: Rule = (request) => {
  const place = offeredNames(request).findIndex(
    (name) => !/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/.test(name),
  );
  return place < 0
    ? undefined
    : bad(
        `* GenerateContentRequest.tools[0].function_declarations[${place}].name: Invalid function name. Must start with a letter or an underscore.`,
      );
};

/** As it leaves with a call, so must it come back. */
export function signatureOf(name: string, json: string): string {
  return Buffer.from(`${name} ${plain(json)}`).toString("base64");
}

/** Spaces may change on the way. */
function plain(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json;
  }
}

export const geminiSignatures: Rule = ({ messages }) => {
  // Only the turn at work is checked, and of parallel calls only the first carries one.
  const start = messages.findLastIndex(({ role }) => role === "user");
  for (const [place, { tool_calls: calls = [] }] of messages.entries()) {
    const first = calls[0];
    if (place < start || first === undefined) continue;
    const extra = z.looseObject({ google: z.looseObject({ thought_signature: z.string() }) });
    const signature = extra.safeParse(first["extra_content"]).data?.google.thought_signature;
    if (signature === signatureOf(first.function.name, text(first.function.arguments))) continue;
    return bad(
      `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${first.function.name}\` , position ${place + 1}.`,
    );
  }
  return undefined;
};

// Anthropic's compatible endpoint.

export const anthropicMessages: Rule = ({ messages, tools }) => {
  const uses = messages.some((message) => (message.tool_calls ?? []).length > 0);
  if (uses && (tools ?? []).length === 0) {
    return bad("Requests which include `tool_use` or `tool_result` blocks must define tools");
  }
  const empty = messages.findIndex((message) => message.role === "user" && message.content === "");
  return empty < 0
    ? undefined
    : bad(`messages.${empty}: user messages must have non-empty content`);
};

// Mistral.

const MISTRAL_FIELDS =
  "frequency_penalty max_tokens messages metadata model n parallel_tool_calls prediction presence_penalty prompt_mode random_seed reasoning_effort response_format safe_prompt stop stream temperature tool_choice tools top_p";

export const mistralFields: Rule = (request) => {
  const stranger = strangerIn(request, MISTRAL_FIELDS);
  if (stranger === undefined) return undefined;
  const detail = [
    {
      type: "extra_forbidden",
      loc: ["body", stranger],
      msg: "Extra inputs are not permitted",
      input: request[stranger],
    },
  ];
  return {
    status: 422,
    message: "Extra inputs are not permitted",
    body: {
      object: "error",
      message: { detail },
      type: "invalid_request_error",
      param: null,
      code: null,
    },
  };
};

export const mistralIds: Rule = ({ messages }) => {
  const ids = messages.flatMap((message) => [
    ...(message.tool_calls ?? []).map(({ id }) => id ?? ""),
    ...(message.role === "tool" ? [message.tool_call_id ?? ""] : []),
  ]);
  const odd = ids.find((id) => !/^[a-zA-Z0-9]{9}$/.test(id));
  return odd === undefined
    ? undefined
    : bad(`Tool call id was ${odd} but must be a-z, A-Z, 0-9, with a length of 9.`, {
        type: "invalid_function_call",
        code: "3280",
      });
};

export const mistralOrder: Rule = ({ messages }) => {
  const order = { type: "invalid_request_message_order", code: "3230" };
  for (const [place, { role }] of messages.entries()) {
    const before = messages[place - 1]?.role;
    if (before === "tool" && (role === "user" || role === "system")) {
      return bad(`Unexpected role '${role}' after role 'tool'`, order);
    }
  }
  const last = messages.at(-1)?.role ?? "";
  return last === "user" || last === "tool"
    ? undefined
    : bad(
        `Expected last role User or Tool (or Assistant with prefix True) for serving but got ${last}`,
        order,
      );
};

// DeepSeek.

/** Within one question the model reads its own reasoning again. */
export const deepseekReasoning: Rule = ({ messages }) => {
  const start = messages.findLastIndex(
    (message) => message.role === "user" && parseScript(textOf(message)) !== undefined,
  );
  const thinks = parseScript(textOf(messages[start] ?? { role: "user", content: "" }))?.parts ?? [];
  let round = 0;
  for (const [place, message] of messages.entries()) {
    if (place < start || (message.tool_calls ?? []).length === 0) continue;
    const thought = (thinks[round] ?? []).some(({ kind }) => kind === "think");
    round += 1;
    if (thought && typeof message["reasoning_content"] !== "string") {
      return bad(
        `Missing \`reasoning_content\` field in the assistant message at message index ${place}.`,
      );
    }
  }
  return undefined;
};

function strangerIn(request: ChatRequest, allowed: string): string | undefined {
  return Object.keys(request).find((key) => !allowed.split(" ").includes(key));
}

function within(items: readonly object[], where: string, allowed: string): string | undefined {
  for (const [place, item] of items.entries()) {
    const odd = Object.keys(item).find((key) => !allowed.split(" ").includes(key));
    if (odd !== undefined) return `${where}[${place}].${odd}`;
  }
  return undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
