import type { SnapshotSource } from "../config/snapshot.ts";
import { secretsEqual, sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import { compileGlob } from "../core/glob.ts";
import { isApiKey, type ApiKeyRecord } from "./api-key.ts";
import { readBearer } from "./bearer.ts";
import { findUser } from "./find-user.ts";
import type { KeyStore } from "./key-store.ts";

/** Who dials in, and for which backends. */
export type Dialler = Readonly<{
  /** Under which the end of the credential is announced; the command on this machine has none. */
  credential: string | undefined;
  /** Epoch ms. */
  expiresAt: number | undefined;
  mayConnect: (backend: string) => boolean;
}>;

export type ConnectDoorNeeds = Readonly<{
  snapshots: SnapshotSource;
  keys: Pick<KeyStore, "find">;
  /** GATEWAY_API_KEY, which is for clients. */
  staticKey: string | undefined;
  /** LOCAL_COMMAND_KEY: the command on this machine brings the servers of its own file. */
  localCommandKey: string | undefined;
  now: () => number;
}>;

export type ConnectDoor = (
  request: Request,
  context: Readonly<{ waitUntil: (work: Promise<unknown>) => void }>,
) => Promise<Dialler>;

/** Seconds; our storage comes back or the connector finds out that it does not. */
const RETRY_AFTER = 5;

/**
 * Turns the credential of a connector into what it may do. A key for connectors is good for nothing
 * else, and no other key is good here: what lies on a machine in a home opens no tools, and what a
 * client has cannot pose as a backend. Throws `unauthorized`, `forbidden` and `unavailable`.
 */
export function createConnectDoor(needs: ConnectDoorNeeds): ConnectDoor {
  return async (request, context) => {
    const token = readBearer(request);
    if (token === undefined) {
      throw new GatewayError("unauthorized", "Cannot connect: a key for connectors is needed");
    }
    if (await isSecret(token, needs.localCommandKey)) return LOCAL_COMMAND;
    if (await isSecret(token, needs.staticKey)) throw notForConnectors();
    const record = isApiKey(token) ? await find(token, needs, context) : undefined;
    const ends = record?.expiresAt;
    if (record === undefined || (ends !== undefined && ends <= needs.now())) {
      throw new GatewayError("unauthorized", "Cannot connect: the key is not valid here");
    }
    if (record.connect === undefined) throw notForConnectors();
    const names = record.connect.map(compileGlob);
    return {
      credential: record.hash,
      expiresAt: ends,
      mayConnect: (backend) => names.some((matches) => matches(backend)),
    };
  };
}

const LOCAL_COMMAND: Dialler = {
  credential: undefined,
  expiresAt: undefined,
  mayConnect: () => true,
};

function isSecret(token: string, secret: string | undefined): boolean | Promise<boolean> {
  return secret === undefined || secret === "" ? false : secretsEqual(token, secret);
}

/** The key, unless it is a person's who is not there any more. */
async function find(
  token: string,
  { keys, snapshots }: ConnectDoorNeeds,
  context: Parameters<ConnectDoor>[1],
): Promise<ApiKeyRecord | undefined> {
  try {
    const snapshot = await snapshots.current(context);
    const record = await keys.find(await sha256Hex(token), snapshot);
    const user = record?.user;
    return user === undefined || findUser(snapshot, user) !== undefined ? record : undefined;
  } catch (error) {
    throw new GatewayError("unavailable", "Cannot check the key: storage is not reachable", {
      cause: error,
      retryAfter: RETRY_AFTER,
      detail: error instanceof Error ? error.message : String(error),
    });
  }
}

function notForConnectors(): GatewayError {
  return new GatewayError(
    "forbidden",
    'Cannot connect: this key is not for connectors, which need one made with "connect"',
  );
}
