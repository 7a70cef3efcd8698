import { FULL_ACCESS, type Caller } from "../../src/auth/caller.ts";
import type { UserId } from "../../src/core/ids.ts";

/** Somebody who may do everything, unless told otherwise. */
export function testCaller(change: Partial<Caller> = {}): Caller {
  return {
    kind: "api-key",
    credentialId: "key-1",
    userId: "user-1" as UserId,
    access: FULL_ACCESS,
    policyId: "full",
    resources: ["mcp"],
    scopes: ["mcp"],
    ...change,
  };
}
