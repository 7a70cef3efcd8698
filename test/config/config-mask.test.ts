import { expect, test } from "vitest";
import { maskDocument, unmaskDocument } from "../../src/config/config-mask.ts";
import { MASK } from "../../src/core/redact.ts";

const DOCUMENT = {
  mcpServers: {
    erp: {
      url: "https://erp.example.com/api/method/handle_mcp",
      headers: { Authorization: "token ${ERP_KEY}:${ERP_SECRET}", "X-Plain": "hunter2-hunter2" },
    },
    ha: { url: "https://ha.example.com/private_Zm9vYmFy", headers: {} },
    hook: { url: "https://ha.example.com/api/webhook/abc?key=s3cret" },
    nas: { command: "truenas-mcp", env: { TRUENAS_API_KEY: "1-abcdef" } },
  },
  llm: {
    providers: {
      a: { baseURL: "https://llm.example.com/v1", api_key: "sk-1", headers: { "X-Key": "k" } },
      b: { url: "https://llm.example.com/token/abc", apiKey: "Bearer ${B_KEY}", models: ["m"] },
    },
    aliases: { key: "a/m" },
  },
  gateway: {
    allowedOrigins: ["https://app.example.com"],
    openWebui: { jwtSecret: "hunter2-hunter2-hunter2", rules: [{ groups: ["sales"] }] },
  },
};

test("masks credentials and secret addresses, keeps references and plain paths", () => {
  expect(maskDocument(DOCUMENT)).toEqual({
    mcpServers: {
      erp: {
        url: "https://erp.example.com/api/method/handle_mcp",
        headers: { Authorization: "token ${ERP_KEY}:${ERP_SECRET}", "X-Plain": MASK },
      },
      ha: { url: `https://ha.example.com/${MASK}`, headers: {} },
      hook: { url: `https://ha.example.com/api/webhook/${MASK}?key=${MASK}` },
      nas: { command: "truenas-mcp", env: { TRUENAS_API_KEY: MASK } },
    },
    llm: {
      providers: {
        a: { baseURL: "https://llm.example.com/v1", api_key: MASK, headers: { "X-Key": MASK } },
        b: {
          url: `https://llm.example.com/token/${MASK}`,
          apiKey: "Bearer ${B_KEY}",
          models: ["m"],
        },
      },
      aliases: { key: "a/m" },
    },
    gateway: {
      allowedOrigins: ["https://app.example.com"],
      openWebui: { jwtSecret: MASK, rules: [{ groups: ["sales"] }] },
    },
  });
});

test("gives back what it masked when the document returns", () => {
  expect(unmaskDocument(maskDocument(DOCUMENT), DOCUMENT)).toEqual(DOCUMENT);
});

test("refuses a mask where nothing is stored", () => {
  const moved = { mcpServers: { other: { url: "https://x.example", headers: { A: MASK } } } };
  expect(() => unmaskDocument(moved, DOCUMENT)).toThrow(
    `mcpServers.other.headers.A: "${MASK}", wanted the value itself: nothing is stored at this place`,
  );
});

test.each([
  ["https://a.example.com/mcp", {}, true],
  ["https://a.example.com/other", {}, true],
  ["https://evil.example.com/mcp", {}, false],
  ["http://a.example.com/mcp", {}, false],
  ["https://a.example.com:8443/mcp", {}, false],
  ["https://a.example.com.evil.example/mcp", {}, false],
  ["https://a.example.com@evil.example/mcp", {}, false],
  ["https://${HOST}/mcp", {}, false],
  ["https://a.example.com/mcp", { issuer: "https://evil.example.com" }, false],
])("keeps a secret for the address it was given for: %s %j", (url, oauth, isKept) => {
  const headers = { authorization: "Bearer the secret" };
  const stored = {
    mcpServers: {
      a: { url: "https://a.example.com/mcp", headers, oauth: { clientSecret: "another" } },
    },
  };
  const masked = maskDocument(stored);
  const back = { url, headers: { authorization: MASK }, oauth: { clientSecret: MASK, ...oauth } };
  const put = () => unmaskDocument({ mcpServers: { a: back } }, stored);
  expect(JSON.stringify(masked)).not.toContain("the secret");
  if (isKept) expect(put()).toMatchObject({ mcpServers: { a: { headers } } });
  else expect(put).toThrow(/given for another address/);
});

test("keeps the secret of a provider for its address", () => {
  const stored = {
    llm: { providers: { mine: { apiKey: "the secret" } } },
    signIn: { providers: { id: { issuer: "https://id.example.com", clientSecret: "the secret" } } },
    mcpServers: { providers: { url: "https://a.example.com", headers: { a: "the secret" } } },
  };
  const masked = maskDocument(stored);
  expect(unmaskDocument(masked, stored)).toEqual(stored);
  for (const moved of [
    { llm: { providers: { mine: { apiKey: MASK, baseUrl: "https://evil.example/v1" } } } },
    { signIn: { providers: { id: { issuer: "https://evil.example", clientSecret: MASK } } } },
    { mcpServers: { providers: { url: "https://evil.example", headers: { a: MASK } } } },
  ]) {
    expect(() => unmaskDocument(moved, stored)).toThrow(/given for another address/);
  }
});

test("masks what an oauth part keeps secret, at any depth", () => {
  const oauth = {
    server_url: "https://auth.example.com",
    client_metadata: { client_name: "x", token_endpoint_auth_method: "none", client_secret: "s3" },
    access_token: "${TOKEN}",
  };
  const document = { mcpServers: { a: { url: "https://a.example/mcp", oauth } } };
  const masked = maskDocument(document);
  expect(masked).toEqual({
    mcpServers: {
      a: {
        url: "https://a.example/mcp",
        oauth: { ...oauth, client_metadata: { ...oauth.client_metadata, client_secret: MASK } },
      },
    },
  });
  expect(unmaskDocument(masked, document)).toEqual(document);
});
