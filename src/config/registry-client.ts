import { release } from "../core/outcome.ts";
import type { Registry, RegistryRpc } from "./registry.ts";

/** The registry behind a stub of its object; stubs belong to one request, so make one for each. */
export function asRegistry(stub: RegistryRpc): Registry {
  return {
    snapshot: async (since) => release(await stub.snapshot(since)),
    watch: (change) => stub.watch(change),
    putConfig: async (put) => release(await stub.putConfig(put)),
    readConfig: async (version) => release(await stub.readConfig(version)),
    restoreConfig: async (version) => release(await stub.restoreConfig(version)),
    listConfigVersions: () => stub.listConfigVersions(),
    reportBackend: (name, report) => stub.reportBackend(name, report),
    noteLogins: () => stub.noteLogins(),
    getRecord: (key) => stub.getRecord(key),
    putRecord: (key, value, expires) => stub.putRecord(key, value, expires),
    replaceRecord: (key, was, value) => stub.replaceRecord(key, was, value),
    deleteRecord: (key) => stub.deleteRecord(key),
    listRecords: (prefix) => stub.listRecords(prefix),
    countAttempt: (attempt) => stub.countAttempt(attempt),
  };
}

/** The same, telling this isolate of each change it makes itself: it should not be the last to know. */
export function announcing(registry: Registry, changed: () => void): Registry {
  const announce = async <Value>(change: Promise<Value>): Promise<Value> => {
    const value = await change;
    changed();
    return value;
  };
  return {
    ...registry,
    putConfig: (put) => announce(registry.putConfig(put)),
    restoreConfig: (version) => announce(registry.restoreConfig(version)),
    putRecord: (key, value, expires) => announce(registry.putRecord(key, value, expires)),
    replaceRecord: (key, was, value) => announce(registry.replaceRecord(key, was, value)),
    deleteRecord: (key) => announce(registry.deleteRecord(key)),
  };
}
