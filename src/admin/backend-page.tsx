import { Hono } from "hono";
import type { ToolVerdict } from "../catalog/tool-review.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import { release } from "../core/outcome.ts";
import { parseDocumentText } from "../config/config-document.ts";
import { seeOther } from "../pages/require-visitor.ts";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { gatherFacts } from "./backend-facts.ts";
import { type BackendProblem, renderBackend } from "./backend-view.tsx";
import { BACKENDS_PATH } from "./backends-page.tsx";
import {
  type OpenConfig,
  openConfig,
  requireEntry,
  requireVersion,
  storeConfig,
} from "./change-config.ts";
import { withDisabledTools, withEntries, type WrittenEntry } from "./config-entries.ts";
import { ownerForm, ownerPage, type OwnerVisit } from "./owner-visit.ts";

/** One backend: how it is, its tools and their switches, what waits for a verdict, its entry. */
export function createBackendPage(needs: AdminPageNeeds): Hono {
  const routes = new Hono();
  const path = `${BACKENDS_PATH}/:name`;

  async function show(visit: OwnerVisit, problem?: BackendProblem): Promise<Response> {
    const facts = await gatherFacts(needs, visit);
    return renderBackend(visit, { facts, now: needs.now(), problem });
  }

  /** What the owner can mend is said on the page itself. */
  async function attempt(
    visit: OwnerVisit,
    work: () => Promise<Response>,
    typed?: string,
  ): Promise<Response> {
    try {
      return await work();
    } catch (thrown) {
      const { code, message } = asGatewayError(thrown);
      if (code !== "conflict" && code !== "config_invalid") throw thrown;
      const status = code === "conflict" ? 409 : 422;
      return show(visit, { problem: message, status, ...(typed === undefined ? {} : { typed }) });
    }
  }

  routes.get(
    path,
    ownerPage(needs, (visit) => show(visit)),
  );

  routes.post(
    `${path}/tools`,
    ownerForm(needs, (visit) =>
      attempt(visit, async () => {
        const { config, written, tools, toolsDigest, disabled } = await gatherFacts(needs, visit);
        requireVersion(config, visit.form);
        if (visit.form.get("tools") !== toolsDigest) {
          throw new GatewayError(
            "conflict",
            "Cannot store the switches: the backend offers other tools than it did, look again",
          );
        }
        const on = new Set(visit.form.getAll("on"));
        const known = new Set(tools.map(({ name }) => name));
        const off = [
          // A name that no tool has now may come back.
          ...[...disabled].filter((name) => !known.has(name)),
          ...tools.filter((_tool, place) => !on.has(String(place))).map(({ name }) => name),
        ];
        await storeEntry(config, written, withDisabledTools(written, off.toSorted()));
        return seeOther(`${BACKENDS_PATH}/${written.name}?done=tools`);
      }),
    ),
  );

  routes.post(
    `${path}/entry`,
    ownerForm(needs, (visit) => {
      const typed = visit.form.get("entry") ?? "";
      return attempt(
        visit,
        async () => {
          const config = requireVersion(await openConfig(needs.registry()), visit.form);
          const written = requireEntry(config, visit.param("name"));
          await storeEntry(config, written, parseDocumentText(typed));
          return seeOther(`${BACKENDS_PATH}/${written.name}?done=stored`);
        },
        typed,
      );
    }),
  );

  routes.post(
    `${path}/reviews`,
    ownerForm(needs, (visit) =>
      attempt(visit, async () => {
        const { written } = await gatherFacts(needs, visit);
        const verdicts = visit.form.getAll("verdict").map(readVerdict);
        release(await needs.backend(written.name).decide(verdicts));
        return seeOther(`${BACKENDS_PATH}/${written.name}?done=decided`);
      }),
    ),
  );

  async function storeEntry(
    config: OpenConfig,
    { name }: WrittenEntry,
    entry: WrittenEntry["entry"],
  ): Promise<void> {
    const changed = withEntries(config.document, new Map([[name, entry]]));
    await storeConfig(needs.registry(), config, changed);
  }

  return routes;
}

/** As a button of the page says it: a list of verdict, hash and name as JSON. */
function readVerdict(text: string): ToolVerdict {
  const given: unknown = parse(text);
  if (isJsonObject(given)) {
    const { name, hash, verdict } = given;
    const isVerdict = verdict === "approve" || verdict === "refuse";
    if (typeof name === "string" && typeof hash === "string" && isVerdict) {
      return { name, hash, verdict };
    }
  }
  throw new GatewayError("invalid_request", "Cannot read the verdict: it is not one of the page");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by who asked
  }
}
