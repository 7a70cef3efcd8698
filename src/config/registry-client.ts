import { release } from "../core/outcome.ts";
import type { Registry, RegistryRpc } from "./registry.ts";

/** The registry behind a stub of its object; stubs belong to one request, so make one for each. */
export function asRegistry(stub: RegistryRpc): Registry {
  return {
    snapshot: async (since) => release(await stub.snapshot(since)),
    putConfig: async (put) => release(await stub.putConfig(put)),
    readConfig: async (version) => release(await stub.readConfig(version)),
    restoreConfig: async (version) => release(await stub.restoreConfig(version)),
    listConfigVersions: () => stub.listConfigVersions(),
    reportBackend: (name, report) => stub.reportBackend(name, report),
    getRecord: (key) => stub.getRecord(key),
    putRecord: (key, value, expires) => stub.putRecord(key, value, expires),
    deleteRecord: (key) => stub.deleteRecord(key),
    listRecords: (prefix) => stub.listRecords(prefix),
    countAttempt: (attempt) => stub.countAttempt(attempt),
  };
}
