export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

/** The Worker's word for what people call a level, in any case; undefined for what is none. */
export function toLogLevel(written: string): "debug" | "info" | "warn" | "error" | undefined {
  switch (written.toLowerCase()) {
    case "debug":
      return "debug";
    case "info":
      return "info";
    case "warn":
    case "warning":
      return "warn";
    case "error":
    case "critical":
      return "error";
    default:
      return undefined;
  }
}
