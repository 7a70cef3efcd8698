// Preloaded into servers that listen on every interface: tests stay on loopback.
const net = require("node:net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  const [first, ...rest] = args;
  if (typeof first === "object" && first !== null) {
    return listen.call(this, { ...first, host: "127.0.0.1" }, ...rest);
  }
  const callback = rest.find((arg) => typeof arg === "function");
  return listen.call(
    this,
    { port: Number(first), host: "127.0.0.1" },
    ...(callback ? [callback] : []),
  );
};
