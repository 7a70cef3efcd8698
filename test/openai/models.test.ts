import { beforeAll, expect, test } from "vitest";
import { configure, send, sendAsOwner, sendAuthorized } from "../support/worker.ts";
import { readObject } from "./openai-replies.ts";

beforeAll(() =>
  configure({ mcpServers: { time: { builtin: "time" }, clock: { builtin: "time" } } }),
);

test("lists the gateway and each backend as models, in OpenAI's shape", async () => {
  const response = await sendAuthorized("/v1/models");
  expect(response.status).toBe(200);
  expect(response.headers.get("x-request-id")).not.toBeNull();
  const { object, data } = await response.json<{ object: string; data: object[] }>();
  expect(object).toBe("list");
  expect(data).toEqual(
    ["mcp-gateway", "mcp-gateway/clock", "mcp-gateway/time"].map((id) => ({
      id,
      object: "model",
      created: expect.any(Number),
      owned_by: "mcp-edge-gateway",
      name: expect.stringContaining("MCP Gateway"),
      description: expect.any(String),
    })),
  );
});

test("finds a model by its id, with the slash raw or encoded", async () => {
  for (const path of ["mcp-gateway", "mcp-gateway/time", "mcp-gateway%2Ftime"]) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await sendAuthorized(`/v1/models/${path}`);
    expect(response.status).toBe(200);
    // oxlint-disable-next-line no-await-in-loop
    expect(await readObject(response)).toMatchObject({ id: decodeURIComponent(path) });
  }
});

test("answers 404 for a model that is not there", async () => {
  const response = await sendAuthorized("/v1/models/a%2Fb:c");
  expect(response.status).toBe(404);
  expect(await readObject(response)).toEqual({
    error: {
      message: "The model `a/b:c` does not exist or you do not have access to it.",
      type: "invalid_request_error",
      param: "model",
      code: "model_not_found",
    },
  });
});

test("shows a key only the backends it may know", async () => {
  const created = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "clock only", allow: ["clock"] }),
  });
  const { key } = await created.json<{ key: string }>();
  const headers = { authorization: `Bearer ${key}` };
  const { data } = await (
    await send("/v1/models", { headers })
  ).json<{
    data: { id: string }[];
  }>();
  expect(data.map(({ id }) => id)).toEqual(["mcp-gateway", "mcp-gateway/clock"]);
  const other = await send("/v1/models/mcp-gateway/time", { headers });
  expect(other.status).toBe(404);
  const tools = await (
    await send("/v1/tools", { headers })
  ).json<{
    data: { function: { name: string } }[];
  }>();
  expect(tools.data.map((tool) => tool.function.name)).toEqual([
    "clock_convert_time",
    "clock_get_current_time",
  ]);
});

test("lists tools as functions with safe names and object parameters", async () => {
  const response = await sendAuthorized("/v1/tools");
  const { object, data } = await response.json<{
    object: string;
    data: { type: string; function: { name: string; description: string; parameters: object } }[];
  }>();
  expect(object).toBe("list");
  expect(data).toHaveLength(4);
  for (const tool of data) {
    expect(tool.type).toBe("function");
    expect(tool.function.name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/);
    expect(tool.function.parameters).toMatchObject({
      type: "object",
      properties: expect.any(Object),
    });
  }
});
