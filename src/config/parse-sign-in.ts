import { isJsonObject } from "../core/json.ts";
import { apiKeyProblem, targetUrlProblem } from "../core/target-rules.ts";
import { configProblem, maskForError } from "./config-problem.ts";
import { NO_SIGN_IN, type SignInConfig, type SignInProvider } from "./sign-in-config.ts";
import { readStrict, type StrictPart } from "./strict-part.ts";

const NAME = /^[a-z][a-z0-9-]{0,30}$/;
/** One button each: nobody reads further. */
const MAX_PROVIDERS = 20;
const PEOPLE = { maxCount: 1_000, maxLength: 254 } as const;
const GROUPS = { maxCount: 50, maxLength: 60 } as const;
/** A mail address, or a domain with its `@`. */
const ALLOWED = /^[^\s@]*@[^\s@]+\.[^\s@]+$/;
const GITHUB = "https://github.com";

const KEYS = [
  "issuer",
  "type",
  "clientId",
  "clientSecret",
  "allow",
  "groups",
  "label",
  "trustEmail",
] as const;

/** The part `signIn` of a document. Throws `config_invalid`. */
export function parseSignIn(given: unknown): SignInConfig {
  if (given === undefined) return NO_SIGN_IN;
  const part = readStrict("signIn", given, ["providers"]);
  const providers = part.value("providers");
  const path = part.pathOf("providers");
  if (providers === undefined) return NO_SIGN_IN;
  if (!isJsonObject(providers)) throw configProblem(path, providers, "an object by name");
  const entries = Object.entries(providers);
  if (entries.length > MAX_PROVIDERS) {
    throw configProblem(path, entries.length, `at most ${MAX_PROVIDERS} providers`);
  }
  return {
    providers: entries.map(([name, entry]) => {
      if (!NAME.test(name)) {
        throw configProblem(path, name, 'names of a-z, 0-9 and "-" that begin with a letter');
      }
      return readProvider(name, readStrict(`${path}.${name}`, entry, KEYS, { name: "label" }));
    }),
  };
}

function readProvider(name: string, part: StrictPart): SignInProvider {
  const kind = readKind(name, part);
  const clientId = part.text("clientId", 1_000);
  if (clientId === undefined) {
    throw configProblem(part.pathOf("clientId"), undefined, "the client id it gave this gateway");
  }
  const clientSecret = readSecret(part);
  if (kind === "github" && clientSecret === undefined) {
    throw configProblem(part.pathOf("clientSecret"), undefined, "${NAME} of its client secret");
  }
  return {
    name,
    label: part.text("label", 60) ?? (kind === "github" ? "GitHub" : labelOf(name)),
    kind,
    issuer: kind === "github" ? GITHUB : readIssuer(part),
    clientId,
    clientSecret,
    allow: readAllow(part),
    groups: part.texts("groups", GROUPS) ?? [],
    trustEmail: part.boolean("trustEmail") ?? false,
  };
}

function readKind(name: string, part: StrictPart): SignInProvider["kind"] {
  const type = part.choice("type", ["oidc", "github"]);
  if (type !== undefined) return type;
  const issuer = part.value("issuer");
  return issuer === GITHUB || (issuer === undefined && name === "github") ? "github" : "oidc";
}

/** OpenID Connect Discovery 1.0 section 2: an https address without query and fragment. */
function readIssuer(part: StrictPart): string {
  const path = part.pathOf("issuer");
  const issuer = part.value("issuer");
  if (typeof issuer !== "string") {
    throw configProblem(path, issuer, "the address of the OpenID Connect provider");
  }
  const problem = targetUrlProblem(issuer);
  if (problem !== undefined) throw configProblem(path, maskForError(issuer), problem);
  if (/[?#]/.test(issuer)) {
    throw configProblem(path, maskForError(issuer), "an address without query and fragment");
  }
  return issuer;
}

function readSecret(part: StrictPart): string | undefined {
  const secret = part.value("clientSecret");
  if (secret === undefined) return undefined;
  const problem = typeof secret === "string" ? apiKeyProblem(secret) : "a text";
  if (problem === undefined && typeof secret === "string") return secret;
  throw configProblem(part.pathOf("clientSecret"), "…", `\${NAME} of a secret: ${problem ?? ""}`);
}

function readAllow(part: StrictPart): readonly string[] {
  const allow = part.texts("allow", PEOPLE) ?? [];
  for (const one of allow) {
    if (ALLOWED.test(one)) continue;
    throw configProblem(part.pathOf("allow"), one, "mail addresses, or domains as @example.com");
  }
  return allow.map((one) => one.toLowerCase());
}

function labelOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
