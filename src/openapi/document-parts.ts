import type { JsonObject } from "../core/json.ts";

const text = { type: "string" } as const;

/** FastAPI's, by the names generated clients of mcpo know. */
const VALIDATION = {
  HTTPValidationError: {
    title: "HTTPValidationError",
    type: "object",
    properties: {
      detail: {
        title: "Detail",
        type: "array",
        items: { $ref: "#/components/schemas/ValidationError" },
      },
    },
  },
  ValidationError: {
    title: "ValidationError",
    type: "object",
    properties: {
      loc: {
        title: "Location",
        type: "array",
        items: { anyOf: [text, { type: "integer" }] },
      },
      msg: { title: "Message", ...text },
      type: { title: "Error Type", ...text },
      input: { title: "Input" },
      ctx: { title: "Context", type: "object" },
    },
    required: ["loc", "msg", "type"],
  },
};

const CALL_ERROR = {
  title: "CallError",
  type: "object",
  properties: {
    detail: {
      type: "object",
      properties: {
        message: { ...text, description: "What went wrong, for people and models." },
        code: { ...text, description: "What kind of failure it is, for programs." },
        server: text,
        tool: text,
        request_id: text,
        authorization_url: { ...text, format: "uri" },
        data: { description: "What the backend says besides." },
      },
      required: ["message", "code", "request_id"],
    },
  },
  required: ["detail"],
};

/** What every document has, by name; see `restErrorResponse`. */
export function sharedSchemas(compat: boolean): JsonObject {
  return compat ? VALIDATION : { ...VALIDATION, CallError: CALL_ERROR };
}

/** The answers of an operation that are no results. */
export function failures(compat: boolean): JsonObject {
  const invalid = { $ref: "#/components/schemas/HTTPValidationError" };
  if (compat) return { 422: json("Validation Error", invalid) };
  const failed = { $ref: "#/components/schemas/CallError" };
  return {
    422: json("The arguments do not fit", { anyOf: [invalid, failed] }),
    default: json("The call failed", failed),
  };
}

export function json(description: string, schema: JsonObject): JsonObject {
  return { description, content: { "application/json": { schema } } };
}

export const SECURITY = {
  security: [{ bearer: [] }, { basic: [] }],
  securitySchemes: {
    bearer: { type: "http", scheme: "bearer", description: "An API key of the gateway" },
    basic: { type: "http", scheme: "basic", description: "Any user, the API key as the password" },
  },
} as const;

const ANY_RESULT = {
  "application/json": { schema: {} },
  // With these in Accept, a result that is one text or one picture comes as it is.
  "text/plain": { schema: text },
  "image/*": {},
  "audio/*": {},
};

/** A result that its tool does not describe. */
export function anyResult(compat: boolean): JsonObject {
  return compat ? { "application/json": { schema: {} } } : ANY_RESULT;
}
