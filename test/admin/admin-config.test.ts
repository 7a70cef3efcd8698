import { expect, test } from "vitest";
import { LOCAL_COMMAND_KEY, send, sendAsOwner, sendAuthorized } from "../support/worker.ts";

const CONFIG = "/admin/api/config";

function put(text: string, headers: Record<string, string> = {}): Promise<Response> {
  return sendAsOwner(CONFIG, {
    method: "PUT",
    headers: { "content-type": "application/json", ...headers },
    body: text,
  });
}

type Stored = {
  version: number;
  at: number;
  source: string;
  warnings: string[];
  document: unknown;
};

async function read(query = ""): Promise<Stored> {
  const response = await sendAsOwner(CONFIG + query);
  expect(response.status).toBe(200);
  return response.json<Stored>();
}

test("stores a config as people write it and gives it back without its secrets", async () => {
  const text = `{
    // mine
    "mcpServers": {
      "erp": { "url": "https://erp.test/mcp", "headers": { "Authorization": "Bearer abcdef123456" }, },
    },
  }`;
  const response = await put(text, { "content-type": "text/plain" });
  expect(response.status).toBe(200);
  const { version } = await response.json<{ version: number }>();
  const stored = await read();
  expect(stored).toMatchObject({ version, source: "admin", warnings: [] });
  expect(JSON.stringify(stored.document)).not.toContain("abcdef123456");
  expect(JSON.stringify(stored.document)).toContain("https://erp.test/mcp");
});

test("keeps the secret when the masked document comes back", async () => {
  const { document } = await read();
  expect((await put(JSON.stringify(document))).status).toBe(200);
  expect(JSON.stringify((await read()).document)).not.toContain("abcdef123456");
});

test("changes nothing when the config is not valid, and says what is", async () => {
  const before = await read();
  for (const text of ["{nope", '{"mcpServers": {"bad/name": {"url": "https://a.test"}}}']) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await put(text);
    expect(response.status).toBe(422);
    // oxlint-disable-next-line no-await-in-loop
    expect(await response.json()).toEqual({
      error: {
        code: "config_invalid",
        message: expect.any(String),
        request_id: response.headers.get("x-request-id"),
      },
    });
  }
  expect(await read()).toEqual(before);
});

test("stores a change only on the version it was made to", async () => {
  const { version } = await read();
  const text = '{"mcpServers": {"time": {"builtin": "time"}}}';
  const late = await put(text, { "if-match": `"${version - 1}"` });
  expect(late.status).toBe(409);
  expect((await read()).version).toBe(version);
  const right = await put(text, { "if-match": `"${version}"` });
  expect(right.status).toBe(200);
  expect(right.headers.get("etag")).toBe(`"${version + 1}"`);
  expect((await put(text, { "if-match": "newest" })).status).toBe(400);
});

test("keeps versions and brings one back", async () => {
  const first = await read();
  await put('{"mcpServers": {"clock": {"builtin": "time"}}}');
  const listed = await sendAsOwner(`${CONFIG}/versions`);
  const { versions } = await listed.json<{ versions: { version: number }[] }>();
  expect(versions[0]?.version).toBe(first.version + 1);
  expect((await read(`?version=${first.version}`)).document).toEqual(first.document);
  const restored = await sendAsOwner(`${CONFIG}/versions/${first.version}/restore`, {
    method: "POST",
  });
  expect(restored.status).toBe(200);
  expect((await read()).document).toEqual(first.document);
  const missing = await sendAsOwner(`${CONFIG}/versions/9999/restore`, { method: "POST" });
  expect(missing.status).toBe(404);
  expect((await sendAsOwner(`${CONFIG}?version=x`)).status).toBe(400);
});

test("lets only the command on this machine name private targets", async () => {
  const text = '{"mcpServers": {"lan": {"url": "http://127.0.0.1:9/mcp"}}}';
  expect((await put(text)).status).toBe(422);
  expect((await put(text, { "x-local-command-key": "guessed" })).status).toBe(422);
  const local = await put(text, { "x-local-command-key": LOCAL_COMMAND_KEY });
  expect(local.status).toBe(200);
  expect((await read()).source).toBe("file");
});

test("says that the file takes the place of what was changed at the pages", async () => {
  const local = { "x-local-command-key": LOCAL_COMMAND_KEY };
  const warnings = async (text: string): Promise<string> =>
    JSON.stringify((await (await put(text, local)).json<Stored>()).warnings);
  const file = '{"mcpServers": {"time": {"builtin": "time"}}}';
  await put(file, local);
  expect(await warnings(file)).toBe("[]");
  await put('{"mcpServers": {"time": {"builtin": "time", "disabledTools": ["convert_time"]}}}');
  const { version } = await read();
  expect(await warnings(file)).toContain(`that is version ${version} at /admin/config`);
  expect(await warnings(file)).toBe("[]");
});

test("refuses other types and bodies over its limit", async () => {
  expect((await put("{}", { "content-type": "application/xml" })).status).toBe(415);
  expect((await put(`{"a":"${"x".repeat(1024 * 1024)}"}`)).status).toBe(413);
});

test("lets in nobody but the owner", async () => {
  const wrong = `Basic ${btoa("owner:wrong")}`;
  const answers = await Promise.all([
    send(CONFIG),
    sendAuthorized(CONFIG),
    send(CONFIG, { headers: { authorization: wrong } }),
    send("/admin/api/nothing"),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
  expect(answers[0]?.headers.get("www-authenticate")).toContain("Basic");
});

test("refuses pages of other sites before the password is looked at", async () => {
  const response = await sendAsOwner(CONFIG, { headers: { origin: "https://evil.test" } });
  expect(response.status).toBe(403);
  const fetched = await sendAsOwner(CONFIG, {
    headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" },
  });
  expect(fetched.status).toBe(403);
});

test("is kept by no cache and read as nothing but JSON", async () => {
  for (const path of [CONFIG, "/admin/api/nothing"]) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await sendAsOwner(path);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "cache-control": "no-store",
      "content-type": "application/json",
      "x-content-type-options": "nosniff",
    });
  }
});

test("tells a path that is not there from a method that is not", async () => {
  const missing = await sendAsOwner("/admin/api/nothing");
  expect(missing.status).toBe(404);
  const wrong = await sendAsOwner(CONFIG, { method: "DELETE" });
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, PUT"]);
});

test("is in force for the very next request here", async () => {
  const names = async (): Promise<string[]> => {
    const { backends } = await (
      await sendAuthorized("/status")
    ).json<{
      backends: { name: string }[];
    }>();
    return backends.map(({ name }) => name);
  };
  expect((await put('{"mcpServers":{"first":{"builtin":"time"}}}')).status).toBe(200);
  expect(await names()).toEqual(["first"]);
  expect((await put('{"mcpServers":{"second":{"builtin":"time"}}}')).status).toBe(200);
  expect(await names()).toEqual(["second"]);
});
