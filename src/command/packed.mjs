#!/usr/bin/env node
// What the installed command runs. Plain JavaScript: it must load on every Node to say what is wrong.

/** The first version with all that is bundled beside this file needs. */
const WANTED = [20, 12];

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < WANTED[0] || (major === WANTED[0] && minor < WANTED[1])) {
  console.error(`Needs Node ${WANTED.join(".")} or newer, and this is ${process.versions.node}`);
  process.exit(1);
}

// Node 22 has them itself; the sources are written for it.
Promise.withResolvers ??= function withResolvers() {
  let settle;
  const promise = new this((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
};
if (!("parse" in URL)) {
  URL.parse = (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);
}

await import("./main.ts");
