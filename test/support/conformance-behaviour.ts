import type {
  CallToolResult,
  GetPromptResult,
  ReadResourceResult,
} from "@modelcontextprotocol/sdk/types.js";
import { askForContext, askingTool } from "./conformance-asking.ts";
import { type Back, LOG_LEVELS } from "./conformance-client.ts";

/**
 * What the official conformance suite expects a server to do, in neither era: the servers in
 * this folder put it on the wire.
 */

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==";

export async function callTool(
  name: string,
  args: Record<string, unknown>,
  back: Back,
): Promise<CallToolResult | undefined> {
  const image = { type: "image" as const, data: PNG, mimeType: "image/png" };
  switch (name) {
    case "test_simple_text":
      return text("This is a simple text response for testing.");
    case "test_image_content":
      return { content: [image] };
    case "test_audio_content":
      return { content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }] };
    case "test_embedded_resource":
      return {
        content: [
          embedded(
            "test://embedded-resource",
            "text/plain",
            "This is an embedded resource content.",
          ),
        ],
      };
    case "test_multiple_content_types":
      return {
        content: [
          { type: "text", text: "Multiple content types test:" },
          image,
          embedded("test://mixed-content-resource", "application/json", '{"test":"data"}'),
        ],
      };
    case "test_logging_tool":
    case "test_tool_with_logging":
      for (const line of [
        "Tool execution started",
        "Tool processing data",
        "Tool execution completed",
      ]) {
        await back.log(line);
        await pause(50, back.signal);
      }
      return text("Tool with logging executed successfully");
    case "test_log_levels":
      for (const level of LOG_LEVELS) await back.log(`One line of ${level}`, level);
      return text("Logged");
    case "test_error_handling":
      return { ...text("This tool intentionally returns an error for testing"), isError: true };
    case "test_tool_with_progress":
      for (const progress of [0, 50, 100]) {
        await back.progress(progress, 100);
        await pause(50, back.signal);
      }
      return text("Tool with progress executed successfully");
    case "test_reconnection":
      back.closeStream();
      await pause(100, back.signal);
      return text("Reconnection test completed successfully");
    case "json_schema_2020_12_tool":
    case "test_header_param":
    case "echo":
      return text(JSON.stringify(args));
    case "wait":
      await until(back.signal);
      return text("aborted");
    case "test_slow":
      return slow(Number(args["ms"]), Number(args["progress"] ?? 0), back);
    case "greet":
      return text(`Hello, ${String(args["name"])}!`);
    case "slow_compute":
      return slow(Number(args["seconds"]) * 1_000, 0, back);
    case "failing_job":
      await pause(1_000, back.signal);
      return { ...text("The job has failed"), isError: true };
    case "protocol_error_job":
      throw new Error("broken");
    case "test_extra_tool":
      return text("Here for now");
    case "test_trigger_tool_change":
      back.state.change("tools");
      return text("The tools have changed");
    case "test_trigger_prompt_change":
      back.state.change("prompts");
      return text("The prompts have changed");
    case "test_trigger_resource_change":
      back.state.change("resources");
      return text("The resources have changed");
    case "test_update_resource":
      back.state.update(String(args["uri"]));
      return text(`Updated ${String(args["uri"])}`);
    default:
      return askingTool(name, args, back);
  }
}

export function readResource(uri: string): ReadResourceResult | undefined {
  if (uri === "test://static-text") {
    return contents(uri, "text/plain", "This is the content of the static text resource.");
  }
  if (uri === "test://watched-resource") return contents(uri, "text/plain", "Watched content");
  if (uri === "test://extra") return contents(uri, "text/plain", "Here for now");
  if (uri === "test://static-binary") {
    return { contents: [{ uri, mimeType: "image/png", blob: PNG }] };
  }
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) return undefined;
  const data = { id, templateTest: true, data: `Data for ID: ${id}` };
  return contents(uri, "application/json", JSON.stringify(data));
}

export async function getPrompt(
  name: string,
  args: Readonly<Record<string, string>>,
  back: Back,
): Promise<GetPromptResult | undefined> {
  switch (name) {
    case "test_simple_prompt":
      return prompt({ type: "text", text: "This is a simple prompt for testing." });
    case "test_prompt_with_arguments":
      return prompt({
        type: "text",
        text: `Prompt with arguments: arg1='${args["arg1"]}', arg2='${args["arg2"]}'`,
      });
    case "test_prompt_with_embedded_resource":
      return prompt(
        embedded(args["resourceUri"] ?? "", "text/plain", "Embedded resource content for testing."),
        { type: "text", text: "Please process the embedded resource above." },
      );
    case "test_prompt_with_image":
      return prompt(
        { type: "image", data: PNG, mimeType: "image/png" },
        { type: "text", text: "Please analyze the image above." },
      );
    case "test_extra_prompt":
      return prompt({ type: "text", text: "Here for now" });
    case "test_input_required_result_prompt":
      return prompt({ type: "text", text: `The context is: ${await askForContext(back)}` });
    default:
      return undefined;
  }
}

async function slow(ms: number, reports: number, back: Back): Promise<CallToolResult> {
  for (let report = 1; report <= reports && !back.signal.aborted; report++) {
    await pause(ms / (reports + 1), back.signal);
    await back.progress(report, reports);
  }
  await pause(ms / (reports + 1), back.signal);
  return text(back.signal.aborted ? "aborted" : `Waited ${ms} ms`);
}

type Content = CallToolResult["content"][number];

function text(value: string): CallToolResult {
  return { content: [{ type: "text", text: value }] };
}

function embedded(uri: string, mimeType: string, value: string): Content {
  return { type: "resource", resource: { uri, mimeType, text: value } };
}

function contents(uri: string, mimeType: string, value: string): ReadResourceResult {
  return { contents: [{ uri, mimeType, text: value }] };
}

function prompt(...parts: Content[]): GetPromptResult {
  return { messages: parts.map((content) => ({ role: "user", content })) };
}

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Ends early when nobody waits for the answer any more. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void until(signal).then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
