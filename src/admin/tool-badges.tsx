import { isJsonObject } from "../core/json.ts";

/** What a tool says of itself that a person wants to know before it is used. */
export function ToolBadges({ annotations }: Readonly<{ annotations: unknown }>) {
  const said = isJsonObject(annotations) ? annotations : {};
  return (
    <>
      {said["readOnlyHint"] === true ? <span class="badge good">read-only</span> : ""}
      {said["destructiveHint"] === true ? <span class="badge bad">destructive</span> : ""}
    </>
  );
}
