import { expect, test } from "vitest";
import { send, sendAuthorized } from "../support/worker.ts";
import { readObject } from "./openai-replies.ts";

test("case 3: refuses a missing or wrong key in OpenAI's words, with the challenge", async () => {
  const wrong = { authorization: "Bearer sk-wrong-0123456789" };
  const refused: readonly Record<string, string>[] = [
    {},
    wrong,
    { authorization: "Basic eDp5" },
    { cookie: "key=x" },
  ];
  for (const headers of refused) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await send("/v1/models", { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain(
      'resource_metadata="https://gateway.test/.well-known/oauth-protected-resource/v1"',
    );
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    // oxlint-disable-next-line no-await-in-loop
    expect(await readObject(response)).toEqual({
      error: {
        message: expect.any(String),
        type: "invalid_request_error",
        param: null,
        code: "invalid_api_key",
      },
    });
  }
});

test("case 22: answers a browser's preflight without a key and allows what it asks for", async () => {
  const response = await send("/v1/chat/completions", {
    method: "OPTIONS",
    headers: {
      origin: "https://chat.example",
      "access-control-request-method": "POST",
      "access-control-request-headers":
        "authorization,content-type,x-stainless-lang,x-stainless-retry-count,x-session-id",
    },
  });
  expect(response.status).toBe(204);
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  expect(response.headers.get("access-control-allow-headers")).toBe(
    "authorization,content-type,x-stainless-lang,x-stainless-retry-count,x-session-id",
  );
  expect(response.headers.get("access-control-max-age")).not.toBeNull();
});

test("case 22: shows browsers the headers SDKs read, on errors too", async () => {
  for (const path of ["/v1/models", "/v1/nothing"]) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await sendAuthorized(path, { headers: { origin: "https://chat.example" } });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-expose-headers")).toContain("x-request-id");
    expect(response.headers.get("x-request-id")).not.toBeNull();
  }
});

test("case 22: lets pages read streams as well", async () => {
  const response = await sendAuthorized("/v1/chat/completions", {
    method: "POST",
    headers: { origin: "https://chat.example", "content-type": "application/json" },
    body: JSON.stringify({
      model: "mcp-gateway",
      stream: true,
      messages: [{ role: "user", content: "help" }],
    }),
  });
  await response.text();
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  const exposed = response.headers.get("access-control-expose-headers") ?? "";
  for (const header of ["x-request-id", "retry-after", "www-authenticate", "mcp-session-id"]) {
    expect(exposed).toContain(header);
  }
});

test("says of paths that are not there that they are not", async () => {
  for (const path of ["/v1/completions", "/v1/nothing"]) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await sendAuthorized(path, { method: "POST", body: "{}" });
    expect(response.status).toBe(404);
    // oxlint-disable-next-line no-await-in-loop
    expect(await readObject(response)).toMatchObject({ error: { code: "unknown_url" } });
  }
});

test("lists models for a client that ends the path in a slash", async () => {
  const response = await sendAuthorized("/v1/models/");
  expect(await readObject(response)).toMatchObject({ object: "list" });
});

test("tells a client whose base URL lacks the last part where the API is", async () => {
  for (const [method, path] of [
    ["GET", "/models"],
    ["POST", "/chat/completions"],
    ["POST", "/responses"],
    ["POST", "/embeddings"],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await sendAuthorized(path, { method });
    expect(response.status).toBe(404);
    // oxlint-disable-next-line no-await-in-loop
    expect(await readObject(response)).toMatchObject({
      error: {
        message: `Cannot ${method} ${path}: there is no such path, the base URL of the OpenAI API here ends in "/v1"`,
        code: "unknown_url",
      },
    });
  }
});

test("names the methods of a path that has others", async () => {
  const chat = await sendAuthorized("/v1/chat/completions");
  expect(chat.status).toBe(405);
  expect(chat.headers.get("allow")).toBe("POST, OPTIONS");
  const models = await sendAuthorized("/v1/models", { method: "DELETE" });
  expect(models.status).toBe(405);
  expect(models.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
});

test("answers HEAD like GET without a body", async () => {
  const response = await sendAuthorized("/v1/models", { method: "HEAD" });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("");
});

test("lets no header or spelling of a path around the key", async () => {
  const tries: readonly (readonly [string, Record<string, string>])[] = [
    ["/v1%2fmodels", {}],
    ["/health/../v1/models", {}],
    ["/health/%2e%2e/v1/models", {}],
    ["//v1/models", {}],
    ["/v1/models?access_token=static-key-of-the-tests-0123456789", {}],
    ["/", { "x-original-url": "/v1/models" }],
    ["/v1/models", { "x-http-method-override": "OPTIONS" }],
  ];
  for (const [path, headers] of tries) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await send(path, { headers });
    expect([401, 404]).toContain(response.status);
    // oxlint-disable-next-line no-await-in-loop
    expect(await response.text()).not.toContain("mcp-gateway/");
  }
});
