import { expect, test } from "vitest";
import { describeRuntimeLine } from "../../src/command/runtime-log.ts";

test.each([
  "e = rust/worker/ffi.rs:110: failed: failed to lookup address information: Name or service not known\nstack: /opt/workerd@26b6840 /opt/workerd@3739630; sentryErrorContext = jsgInternalError; wdErrId = hehs61",
  "e = rust/worker/ffi.rs:110: failed: TLS handshake failed: invalid peer certificate",
  "exception = rust/worker/ffi.rs:110: disconnected: HTTP body: error reading a body from connection",
  "uncaught exception; exception = workerd/jsg/value.h:1511: disconnected: jsg.Error: Network connection lost.",
  "uncaught exception; source = Uncaught (in promise); stack = Error: Network connection lost.",
  "NOSENTRY SQLite alarm handler canceled with requestScheduledAlarm.; scheduledTime = 1795276815.082s",
])("says nothing of a failure that shows as the state of a backend: %s", (message) => {
  expect(describeRuntimeLine(message)).toBeUndefined();
});

test("says what else went wrong in one line and without its stack", () => {
  const message =
    "uncaught exception; source = Uncaught (in promise); stack = TypeError: x is not a function\n    at f (index.js:1:2)\n    at g (index.js:3:4)";
  expect(describeRuntimeLine(message)).toBe(
    "uncaught exception; source = Uncaught (in promise); stack = TypeError: x is not a function",
  );
});

test("hands on what the Worker itself logs", () => {
  const line = '{"level":"error","message":"internal error","detail":"at workerd/jsg/value.h:1"}';
  expect(describeRuntimeLine(line)).toBe(line);
});
