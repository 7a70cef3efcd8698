import type { BackendConfig } from "./gateway-config.ts";

/** What a backend's object must know to connect; sent with every call to it, newest version wins. */
export type BackendOrder = Readonly<{
  config: BackendConfig;
  configVersion: number;
  /** Origins of loopback and private targets the local config file names. */
  privateOrigins: readonly string[];
}>;

/** What the RegistryObject asks of a backend's object when the config changes. */
export interface BackendStarter {
  /** Connect in the background and report; returns at once. */
  configure(order: BackendOrder): Promise<void>;
  /** The backend left the config: forget everything, stop every alarm. */
  remove(): Promise<void>;
  /** The credential with this hash is no longer good: whoever dialled in with it is sent away. */
  revoked(credential: string): Promise<void>;
}
