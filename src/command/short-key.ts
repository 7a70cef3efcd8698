import { isLoopbackHost } from "../core/loopback-host.ts";
import { MIN_STATIC_KEY } from "../core/static-key.ts";
import { CommandFailure } from "../shell/command-failure.ts";

export type KeyPlace = Readonly<{
  /** How the key was given, for whoever has to change it. */
  given: string;
  /** Where this machine alone reaches the gateway; undefined where others do. */
  localUrl: string | undefined;
}>;

type Variables = Readonly<Record<string, string>>;

export type PlacedKey = Readonly<{ variables: Variables; warning: string | undefined }>;

/**
 * Keys that mcpo's users bring along are often short. On loopback such a key goes into the variable
 * that is good there only; where others reach the gateway it is refused. Throws `CommandFailure`.
 */
export function placeShortKey(variables: Variables, { given, localUrl }: KeyPlace): PlacedKey {
  const { GATEWAY_API_KEY: key = "", LOOPBACK_API_KEY: _, ...others } = variables;
  if (key === "" || key.length >= MIN_STATIC_KEY) {
    return {
      variables: key === "" ? others : { ...others, GATEWAY_API_KEY: key },
      warning: undefined,
    };
  }
  const what = `${given}: ${key.length} characters, wanted at least ${MIN_STATIC_KEY}`;
  if (![localUrl, others["PUBLIC_URL"] ?? localUrl].every(isOfThisMachine)) {
    throw new CommandFailure(`${what} where others reach the gateway`);
  }
  return {
    variables: { ...others, LOOPBACK_API_KEY: key },
    warning: `${what}: this one works from this machine only`,
  };
}

function isOfThisMachine(url: string | undefined): boolean {
  return url !== undefined && isLoopbackHost(URL.parse(url)?.hostname ?? "");
}
