/** MCP Apps are tools with a `_meta` and resources: both travel, and the gateway takes no part. */
export const APPS_EXTENSION = "io.modelcontextprotocol/ui";
/** Long work handed over as a task the client asks about (SEP-2663). */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

/**
 * Extensions that pass between clients and backends. An extension with methods of its own is a
 * promise that the gateway has to keep: those of tasks it knows, everything else is left out.
 */
export const PASSED_EXTENSIONS: readonly string[] = [APPS_EXTENSION, TASKS_EXTENSION];
