/** How a format is told apart, and what it is called when it is not met. */
export type KnownFormat = Readonly<{
  pattern: string;
  /** Of the error, after pydantic. */
  type: string;
  /** `a valid …`, with what it looks like. */
  name: string;
}>;

const YMD = String.raw`\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])`;

/**
 * Only what every reader of such a format would refuse: a time without its zone, or an address with
 * letters of any language, is taken by most. Formats that are not here are only told, not tried.
 */
export const FORMATS: ReadonlyMap<string, KnownFormat> = new Map([
  format("date", `^${YMD}`, "date_parsing", "date such as 2026-01-31"),
  format("date-time", `^${YMD}`, "datetime_parsing", "date and time such as 2026-01-31T12:00:00Z"),
  format("email", "^[^@]*[^@ ]@[^@ ]", "value_error", "email address"),
  format(
    "uri",
    "^[A-Za-z][A-Za-z0-9+.-]{0,99}:",
    "url_parsing",
    "URL such as https://example.com/",
  ),
  format("ipv4", String.raw`^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$`, "ip_v4_address", "IPv4 address"),
  format("ipv6", "^[0-9A-Fa-f:.]*:", "ip_v6_address", "IPv6 address"),
  format(
    "uuid",
    "^[{]?(?:urn:uuid:)?[0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{12}[}]?$",
    "uuid_parsing",
    "UUID",
  ),
]);

function format(
  key: string,
  pattern: string,
  type: string,
  name: string,
): readonly [string, KnownFormat] {
  return [key, { pattern, type, name }];
}
