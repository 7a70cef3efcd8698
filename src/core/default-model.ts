/** Of a caller's request: the model that the tools of the built-in server `llm` use unless told. */
export const DEFAULT_MODEL_HEADER = "x-gateway-default-model";
