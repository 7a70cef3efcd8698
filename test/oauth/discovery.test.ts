import { expect, test } from "vitest";
import { createPlace, ORIGIN } from "../support/identity-app.ts";

const place = createPlace();

async function read(path: string, init: RequestInit = {}, origin = ORIGIN) {
  const response = await place.fetch(new Request(`${origin}${path}`, init));
  const text = await response.text();
  const body: Record<string, unknown> = text.startsWith("{") ? JSON.parse(text) : {};
  return { response, body, text };
}

test("describes /mcp at every path clients look for it", async () => {
  for (const suffix of ["", "/mcp", "/mcp/erp"]) {
    const { response, body } = await read(`/.well-known/oauth-protected-resource${suffix}`);
    expect(response.status).toBe(200);
    expect(body).toMatchObject({
      resource: `${ORIGIN}/mcp`,
      authorization_servers: [ORIGIN],
      scopes_supported: ["mcp"],
      bearer_methods_supported: ["header"],
    });
  }
  const { body } = await read("/.well-known/oauth-protected-resource/v1");
  expect(body).toMatchObject({ resource: `${ORIGIN}/v1`, scopes_supported: ["v1"] });
});

test("describes the authorization server with and without the resource's path", async () => {
  const paths = ["oauth-authorization-server", "openid-configuration"].flatMap((name) =>
    ["", "/mcp", "/mcp/erp", "/v1"].map((suffix) => `/.well-known/${name}${suffix}`),
  );
  for (const path of paths) {
    const { response, body } = await read(path);
    expect(response.status, path).toBe(200);
    expect(body).toMatchObject({
      issuer: ORIGIN,
      authorization_endpoint: `${ORIGIN}/oauth/authorize`,
      token_endpoint: `${ORIGIN}/oauth/token`,
      registration_endpoint: `${ORIGIN}/oauth/register`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    });
    expect(body["grant_types_supported"]).not.toContain("implicit");
    expect(body["grant_types_supported"]).not.toContain("password");
    expect(body["token_endpoint_auth_methods_supported"]).toContain("none");
  }
});

test("says the same whatever the forwarding headers and credentials say", async () => {
  const { text } = await read("/.well-known/oauth-authorization-server");
  const other = await read("/.well-known/oauth-authorization-server", {
    headers: {
      "x-forwarded-host": "evil.example.com",
      "x-forwarded-proto": "http",
      authorization: "Bearer something",
      origin: "https://evil.example.com",
    },
  });
  expect(other.text).toBe(text);
  expect(other.response.headers.get("access-control-allow-origin")).toBe("*");
  expect(other.response.headers.get("access-control-allow-credentials")).toBeNull();
  expect(other.response.headers.get("set-cookie")).toBeNull();
});

test("refuses another host and serves a loopback name as an issuer of its own", async () => {
  const path = "/.well-known/oauth-authorization-server";
  const foreign = await read(path, {}, "https://evil.example.com");
  expect(foreign.response.status).toBe(421);
  const local = await read(path, {}, "http://localhost:8787");
  expect(local.body).toMatchObject({ issuer: "http://localhost:8787" });
});

test("offers no OAuth where a plain http address is all there is", async () => {
  const plain = createPlace({ publicUrl: "http://192.168.1.5:8787" });
  for (const name of ["oauth-protected-resource/mcp", "oauth-authorization-server"]) {
    const response = await plain.fetch(new Request(`http://192.168.1.5:8787/.well-known/${name}`));
    expect(response.status).toBe(404);
  }
});

test("answers HEAD, preflights and wrong methods", async () => {
  for (const path of [
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-authorization-server",
  ]) {
    const head = await read(path, { method: "HEAD" });
    expect(head.response.status).toBe(200);
    expect(head.text).toBe("");
    const preflight = await read(path, {
      method: "OPTIONS",
      headers: {
        origin: "https://inspector.example.com",
        "access-control-request-method": "GET",
        "access-control-request-headers": "mcp-protocol-version",
      },
    });
    expect(preflight.response.status).toBe(204);
    expect(preflight.response.headers.get("access-control-allow-headers")).toBe(
      "mcp-protocol-version",
    );
    expect((await read(path, { method: "POST", body: "{}" })).response.status).toBe(405);
  }
});
