import { apiKeyProblem, targetUrlProblem } from "../core/target-rules.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { configProblem, maskForError } from "./config-problem.ts";
import { camelCase, readStrict, type StrictPart } from "./strict-part.ts";

/** How the gateway signs in at a backend; what is undefined it finds out by discovery. */
export type BackendOAuth = Readonly<{
  /** A client that was registered by hand, where the backend registers none by itself. */
  clientId: string | undefined;
  /** As written: may hold `${NAME}`. */
  clientSecret: string | undefined;
  /** Asked for in place of what the backend says it needs; separated by spaces. */
  scope: string | undefined;
  /** The authorization server, where the backend does not name it. */
  issuer: string | undefined;
}>;

const NOTHING_SAID: BackendOAuth = {
  clientId: undefined,
  clientSecret: undefined,
  scope: undefined,
  issuer: undefined,
};

const KEYS = ["clientId", "clientSecret", "scope", "issuer"];

/** As other clients call the same. */
const SPELLINGS: Readonly<Record<string, string>> = {
  scopes: "scope",
  authorizationServer: "issuer",
  authorization_server: "issuer",
  authServerMetadataUrl: "issuer",
};

/**
 * `oauth` of an entry: `true`, or an object. Undefined: not said, or switched off. Other clients
 * keep more there, such as where their tokens lie: that is told of and has no use here, and where
 * there is nothing else, the backend itself will say whether it wants a login.
 */
export function parseBackendOAuth(
  path: string,
  given: unknown,
  warn: (warning: string) => void,
): BackendOAuth | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return NOTHING_SAID;
  const ours = isJsonObject(given) ? withoutForeign(path, given, warn) : given;
  if (isJsonObject(given) && isEmpty(ours) && !isEmpty(given)) return undefined;
  const part = readStrict(path, ours, KEYS, SPELLINGS);
  const clientSecret = part.value("clientSecret");
  if (clientSecret !== undefined) {
    const problem = typeof clientSecret === "string" ? apiKeyProblem(clientSecret) : "a text";
    if (problem !== undefined) {
      throw configProblem(part.pathOf("clientSecret"), "…", `\${NAME} of a secret: ${problem}`);
    }
  }
  return {
    clientId: part.text("clientId", 2_000),
    clientSecret: typeof clientSecret === "string" ? clientSecret : undefined,
    scope: readScope(part),
    issuer: readIssuer(part),
  };
}

function isEmpty(value: unknown): boolean {
  return isJsonObject(value) && Object.keys(value).length === 0;
}

function withoutForeign(
  path: string,
  given: JsonObject,
  warn: (warning: string) => void,
): JsonObject {
  return Object.fromEntries(
    Object.entries(given).filter(([key]) => {
      const isKnown = Object.hasOwn(SPELLINGS, key) || KEYS.includes(camelCase(key));
      if (!isKnown) warn(`${path}.${key.slice(0, 60)}: not used by the gateway`);
      return isKnown;
    }),
  );
}

function readScope(part: StrictPart): string | undefined {
  const scope = part.value("scope");
  if (!Array.isArray(scope)) return part.text("scope", 2_000);
  return part.texts("scope", { maxCount: 100, maxLength: 200 })?.join(" ");
}

function readIssuer(part: StrictPart): string | undefined {
  const issuer = part.text("issuer", 2_000);
  const problem = issuer === undefined ? undefined : targetUrlProblem(issuer);
  if (issuer === undefined || problem === undefined) return issuer;
  throw configProblem(part.pathOf("issuer"), maskForError(issuer), problem);
}
