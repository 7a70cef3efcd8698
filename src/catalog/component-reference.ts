const COMPONENTS = "#/components/schemas/";

/** To a schema that stands among those of a document. */
export function componentReference(name: string): string {
  return `${COMPONENTS}${name}`;
}

/**
 * The same to every reader of pointers (RFC 6901, section 6), and to Open WebUI, which decodes
 * nothing, one to nowhere: where a reference leads back to itself it would follow it for ever.
 */
export function escapedReference(name: string): string {
  return componentReference(name.replace("_", "%5F"));
}

/** The name of the component that is referred to; undefined for what refers elsewhere. */
export function componentOf(reference: string): string | undefined {
  if (!reference.startsWith(COMPONENTS)) return undefined;
  return reference.slice(COMPONENTS.length).replaceAll("%5F", "_");
}
