import { expect, test } from "vitest";
import { createOwnOrigin } from "../../src/http/own-origin.ts";

const behindTunnel = createOwnOrigin({ publicUrl: "https://gateway.example.com/" });

test("knows the public origin whatever scheme and port a proxy left", () => {
  for (const url of [
    "https://gateway.example.com/mcp",
    "http://gateway.example.com/mcp",
    "http://gateway.example.com:8787/mcp",
  ]) {
    expect(behindTunnel(new Request(url))).toBe("https://gateway.example.com");
  }
});

test("refuses a host that is not ours", () => {
  expect(behindTunnel(new Request("http://evil.example.com:8787/mcp"))).toBeUndefined();
  expect(behindTunnel(new Request("http://gateway.example.com.evil.org/"))).toBeUndefined();
});

test("serves loopback names beside the public URL, each as its own origin", () => {
  for (const origin of ["http://localhost:8787", "http://127.0.0.1:8787", "http://[::1]:8787"]) {
    expect(behindTunnel(new Request(`${origin}/mcp`))).toBe(origin);
  }
});

test("takes the request's own origin when no public URL is set", () => {
  const fresh = createOwnOrigin({ publicUrl: undefined });
  expect(fresh(new Request("https://gateway.someone.workers.dev/mcp"))).toBe(
    "https://gateway.someone.workers.dev",
  );
});

test("pays no attention to forwarding headers", () => {
  const headers = {
    "x-forwarded-host": "evil.example.com",
    "x-forwarded-proto": "http",
    "x-original-url": "/admin",
  };
  expect(behindTunnel(new Request("https://gateway.example.com/", { headers }))).toBe(
    "https://gateway.example.com",
  );
});

test("remembers a bounded number of hosts and still answers right", () => {
  for (let index = 0; index < 200; index += 1) {
    expect(behindTunnel(new Request(`http://host-${index}.example.org/`))).toBeUndefined();
  }
  expect(behindTunnel(new Request("https://gateway.example.com/?a=b"))).toBe(
    "https://gateway.example.com",
  );
});

test("says which variable is wrong when the public URL is none", () => {
  for (const publicUrl of ["gateway.example.com", "ftp://gateway.example.com"]) {
    expect(() => createOwnOrigin({ publicUrl })).toThrow(/^PUBLIC_URL: /);
  }
});
