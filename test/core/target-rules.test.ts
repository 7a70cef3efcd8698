import { expect, test } from "vitest";
import { headerProblem, isPrivateTarget, targetUrlProblem } from "../../src/core/target-rules.ts";

test.each([
  "http://127.0.0.1/",
  "http://127.1/",
  "http://2130706433/",
  "http://0x7f.1/",
  "http://0.0.0.0/",
  "http://10.1.2.3/",
  "http://172.31.0.1/",
  "http://192.168.1.1/",
  "http://169.254.169.254/latest/meta-data",
  "http://100.64.0.1/",
  "http://224.0.0.1/",
  "http://localhost/",
  "http://app.localhost/",
  "http://LOCALHOST./",
  "http://nas/",
  "http://nas.local/",
  "http://db.internal/",
  "http://[::1]/",
  "http://[::]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:a00:1]/",
  "http://[fd00::1]/",
  "http://[fe80::1]/",
  "http://[ff02::1]/",
  "http://[2002:7f00:1::]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[::ffff:0:127.0.0.1]/",
  "http://[fec0::1]/",
  "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
  "https://kubernetes.default.svc/",
  "https://router.home/",
])("knows %s as private", (url) => {
  expect(isPrivateTarget(new URL(url))).toBe(true);
});

test.each([
  "https://example.com/",
  "https://8.8.8.8/",
  "https://172.32.0.1/",
  "https://[2606:4700::1111]/",
  "https://localhost.example.com/",
])("knows %s as public", (url) => {
  expect(isPrivateTarget(new URL(url))).toBe(false);
});

test.each([
  "file:///etc/passwd",
  "data:text/plain,x",
  "blob:https://x/y",
  "ws://x/y",
  "nonsense",
  "https://u@x/",
])("refuses the address %s", (url) => {
  expect(targetUrlProblem(url)).toBeDefined();
});

test("accepts references anywhere in an address", () => {
  expect(targetUrlProblem("https://${HOST}/api/webhook/${HOOK}?k=${KEY}")).toBeUndefined();
});

test("lets any credential header pass and refuses those of the connection", () => {
  expect(headerProblem("Authorization", "token ${KEY}:${SECRET}")).toBeUndefined();
  expect(headerProblem("CF-Access-Client-Id", "x.access")).toBeUndefined();
  for (const name of [
    "Host",
    "content-length",
    "Mcp-Session-Id",
    "Transfer-Encoding",
    "Bad Name",
    "",
  ]) {
    expect(headerProblem(name, "x"), name).toBeDefined();
  }
  expect(headerProblem("X-A", "one\r\nTwo: 2")).toBeDefined();
});
