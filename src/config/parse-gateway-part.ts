import { DEFAULT_AUDIT, parseAudit } from "./audit-config.ts";
import type { EntryNames } from "./backend-name.ts";
import { configProblem } from "./config-problem.ts";
import type { GatewayConfig } from "./gateway-config.ts";
import { DEFAULT_OPENAPI } from "./openapi-config.ts";
import type { OpenWebuiConfig, PersonRule } from "./open-webui-config.ts";
import { parseOpenapi } from "./parse-openapi.ts";
import { readOrigins } from "./parse-origins.ts";
import { readStrict, type StrictPart } from "./strict-part.ts";

/** What Open WebUI signs as, unless told otherwise. */
const DEFAULT_ISSUER = "open-webui";
const MAX_ISSUER = 200;
/** The secret is a header's worth at most; a short one could be guessed from one token. */
export const MIN_JWT_SECRET = 16;
const MAX_JWT_SECRET = 4_096;
/** Each request of a person is matched with all of them. */
const MAX_RULES = 200;
const NAMES = { maxCount: 500, maxLength: 255 } as const;
/** As those of a key. */
const PATTERNS = { maxCount: 200, maxLength: 200 } as const;

type GatewayPart = Pick<GatewayConfig, "allowedOrigins" | "openWebui" | "openapi" | "audit">;

const NO_GATEWAY_PART: GatewayPart = {
  allowedOrigins: [],
  openWebui: undefined,
  openapi: DEFAULT_OPENAPI,
  audit: DEFAULT_AUDIT,
};

/** The part `gateway` of a document with these `entries`. Throws `config_invalid`. */
export function parseGatewayPart(given: unknown, entries: EntryNames): GatewayPart {
  if (given === undefined) return NO_GATEWAY_PART;
  const part = readStrict("gateway", given, ["allowedOrigins", "openWebui", "openapi", "audit"], {
    openWebUI: "openWebui",
    openWebUi: "openWebui",
    openApi: "openapi",
    openAPI: "openapi",
  });
  return {
    allowedOrigins: readOrigins(part),
    openWebui: readOpenWebui(part),
    openapi: parseOpenapi(part.pathOf("openapi"), part.value("openapi"), entries),
    audit: parseAudit(part.pathOf("audit"), part.value("audit")),
  };
}

function readOpenWebui(gateway: StrictPart): OpenWebuiConfig | undefined {
  const given = gateway.value("openWebui");
  if (given === undefined) return undefined;
  const part = readStrict(gateway.pathOf("openWebui"), given, [
    "jwtSecret",
    "issuer",
    "required",
    "rules",
  ]);
  return {
    jwtSecret: readSecret(part),
    issuer: part.text("issuer", MAX_ISSUER) ?? DEFAULT_ISSUER,
    required: part.boolean("required") ?? false,
    rules: readRules(part),
  };
}

function readSecret(part: StrictPart): string | undefined {
  const secret = part.value("jwtSecret");
  if (secret === undefined) return undefined;
  const isLong =
    typeof secret === "string" &&
    secret.length <= MAX_JWT_SECRET &&
    // A reference is judged when it is used.
    (secret.includes("${") || secret.length >= MIN_JWT_SECRET);
  if (isLong) return secret;
  throw configProblem(
    part.pathOf("jwtSecret"),
    typeof secret === "string" ? "…" : typeof secret,
    `\${NAME} of a secret, or a text of at least ${MIN_JWT_SECRET} characters`,
  );
}

function readRules(part: StrictPart): readonly PersonRule[] {
  const rules = part.value("rules");
  if (rules === undefined) return [];
  const path = part.pathOf("rules");
  if (!Array.isArray(rules) || rules.length > MAX_RULES) {
    const shown = Array.isArray(rules) ? rules.length : rules;
    throw configProblem(path, shown, `a list of up to ${MAX_RULES} rules`);
  }
  return rules.map((given: unknown, index) => {
    const rule = readStrict(`${path}[${index}]`, given, [
      "users",
      "groups",
      "roles",
      "allow",
      "deny",
    ]);
    return {
      users: rule.texts("users", NAMES) ?? [],
      groups: rule.texts("groups", NAMES) ?? [],
      roles: rule.texts("roles", NAMES) ?? [],
      allow: rule.texts("allow", PATTERNS) ?? [],
      deny: rule.texts("deny", PATTERNS) ?? [],
    };
  });
}
