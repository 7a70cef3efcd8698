/** Where in a document a schema stands, as far as it matters for the references in it. */
export type SchemaPlace = Readonly<{
  /** Whether Open WebUI looks for references here. */
  kind: "followed" | "opaque";
  /** The schema of the arguments themselves, not of one of them. */
  isRoot: boolean;
  depth: number;
  /** How many references stand around it. */
  references: number;
  /** The schemas around it that are about the same value: one that leads to itself says nothing. */
  same: readonly object[];
}>;

export const ROOT_PLACE: SchemaPlace = {
  kind: "followed",
  isRoot: true,
  depth: 0,
  references: 0,
  same: [],
};
export const COMPONENT_PLACE: SchemaPlace = { ...ROOT_PLACE, isRoot: false };

/** The place of what a keyword holds; undefined for keywords that hold no schemas. */
export function placeUnder(keyword: string, place: SchemaPlace): SchemaPlace | undefined {
  const kind = PLACES.get(keyword);
  switch (kind) {
    case "same":
      return place;
    case "same opaque":
      return { ...place, kind: "opaque", isRoot: false };
    case "inner":
      return { ...place, isRoot: false, same: [] };
    case "inner opaque":
      return { ...place, kind: "opaque", isRoot: false, same: [] };
    case undefined:
      return undefined;
    default:
      return kind satisfies never;
  }
}

/** About the same value or one inside it; in the places Open WebUI knows or not. */
const PLACES: ReadonlyMap<string, "same" | "same opaque" | "inner" | "inner opaque"> = new Map([
  ["anyOf", "same"],
  ["oneOf", "same"],
  ["allOf", "same"],
  ["not", "same opaque"],
  ["if", "same opaque"],
  ["then", "same opaque"],
  ["else", "same opaque"],
  ["dependentSchemas", "same opaque"],
  ["properties", "inner"],
  ["items", "inner"],
  ["prefixItems", "inner opaque"],
  ["additionalProperties", "inner opaque"],
  ["patternProperties", "inner opaque"],
  ["propertyNames", "inner opaque"],
  ["unevaluatedProperties", "inner opaque"],
  ["unevaluatedItems", "inner opaque"],
  ["contains", "inner opaque"],
  ["contentSchema", "inner opaque"],
]);

/** These hold schemas by name. */
export const NAMED: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "dependentSchemas",
]);

/** What these hold decides what is refused: wider than it was meant, it refuses what is right. */
export const REFUSING: ReadonlySet<string> = new Set(["not", "if"]);

/** Flags that are the usual words here. Open WebUI breaks on `items: true`. */
export const WITH_FLAGS: ReadonlyMap<string, readonly unknown[]> = new Map([
  ["additionalProperties", [true, false]],
  ["unevaluatedProperties", [true, false]],
  ["unevaluatedItems", [true, false]],
  ["items", [false]],
]);
