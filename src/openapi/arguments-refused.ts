import { GatewayError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";

/** One fault of a body as FastAPI names it; clients of mcpo read these. */
export type BodyProblem = Readonly<{
  /** Of pydantic, where it has one that fits. */
  type: string;
  /** `["body", "field", …]`. */
  loc: readonly (string | number)[];
  /** What was sent and what is allowed, for a model to act on. */
  msg: string;
  input: JsonValue;
  ctx?: Readonly<Record<string, JsonValue>>;
}>;

/** The body is not what the tool takes: answered with 422 and `{"detail": problems}`. */
export class ArgumentsRefused extends GatewayError {
  readonly problems: readonly BodyProblem[];

  constructor(problems: readonly BodyProblem[]) {
    const first = problems.at(0)?.msg ?? "they do not fit the tool";
    super("invalid_params", `Cannot take the arguments: ${first}`);
    this.problems = problems;
  }
}
