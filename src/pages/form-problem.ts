import { asGatewayError, GatewayError } from "../core/errors.ts";
import { statusOf } from "../http/problem.ts";

export type FormProblem = Readonly<{ problem: string; status: number }>;

/**
 * Why a form was not taken, to be shown above what was typed. Throws again what is not about the
 * form: that belongs on a page of its own.
 */
export function formProblem(thrown: unknown): FormProblem {
  const error = asGatewayError(thrown);
  const isAboutForm =
    thrown instanceof GatewayError && ABOUT_FORM.some((code) => code === error.code);
  if (!isAboutForm) throw thrown;
  return { problem: error.message, status: statusOf(error.code) };
}

const ABOUT_FORM = ["invalid_params", "invalid_request", "conflict", "config_invalid"] as const;
