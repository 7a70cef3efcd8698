import { expect, test } from "vitest";
import { attemptSource } from "../../src/auth/attempt-source.ts";

function from(address: string): string {
  return attemptSource(
    new Request("https://gateway.test/", {
      headers: { "cf-connecting-ip": address, "x-forwarded-for": "198.51.100.7" },
    }),
  );
}

test("counts an IPv4 address as it is and an IPv6 address by its network", () => {
  expect(from("192.0.2.1")).toBe("192.0.2.1");
  expect(from("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
  expect(from("2001:db8:1:2::99")).toBe("2001:db8:1:2::/64");
  expect(from("2001:db8::1")).toBe("2001:db8:0:0::/64");
  expect(from("::1")).toBe("0:0:0:0::/64");
});

test("pays no attention to headers a caller can send", () => {
  const request = new Request("https://gateway.test/", {
    headers: { "x-forwarded-for": "198.51.100.7" },
  });
  expect(attemptSource(request)).toBe("local");
});
