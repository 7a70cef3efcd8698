import { registerHooks } from "node:module";

/** openapi-typescript is written for the compiler's older API, which ours no longer has. */
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === "typescript" ? "typescript-5" : specifier, context),
});
