/** Wall clocks of IANA zones, by Intl: the runtime's own time zone data, nothing bundled. */

export type Wall = Readonly<{
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}>;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** IANA names are shorter; longer text is not looked up. */
const MAX_ZONE_NAME = 64;
const MAX_CACHED_FORMATS = 64;

/** A format costs some 50 µs to make; a result of pure input, so it may be kept. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Undefined for a name that is not a time zone. */
export function findZone(name: string): Intl.DateTimeFormat | undefined {
  const cached = formats.get(name);
  if (cached !== undefined) return cached;
  if (name === "" || name.length > MAX_ZONE_NAME) return undefined;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    if (formats.size >= MAX_CACHED_FORMATS) formats.clear();
    formats.set(name, format);
    return format;
  } catch {
    return undefined; // RangeError: no such zone
  }
}

export function wallAt(utcMs: number, zone: Intl.DateTimeFormat): Wall {
  const parts = Object.fromEntries(
    zone.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]),
  );
  return {
    year: parts["year"] ?? 0,
    month: parts["month"] ?? 0,
    day: parts["day"] ?? 0,
    hour: parts["hour"] ?? 0,
    minute: parts["minute"] ?? 0,
    second: parts["second"] ?? 0,
  };
}

/** Minutes east of UTC. */
export function offsetAt(utcMs: number, zone: Intl.DateTimeFormat): number {
  const whole = Math.floor(utcMs / 1_000) * 1_000;
  return (asUtc(wallAt(whole, zone)) - whole) / MINUTE_MS;
}

/**
 * The offset of a wall clock time. A time that comes twice is the first one, a time that is skipped
 * is read with the offset before the jump: Python's `fold=0`, as in the reference server.
 */
export function offsetOf(wall: Wall, zone: Intl.DateTimeFormat): number {
  const local = asUtc(wall);
  const before = offsetAt(local - DAY_MS, zone);
  const after = offsetAt(local + DAY_MS, zone);
  if (offsetAt(local - before * MINUTE_MS, zone) === before) return before;
  return offsetAt(local - after * MINUTE_MS, zone) === after ? after : before;
}

export function toUtc(wall: Wall, offsetMinutes: number): number {
  return asUtc(wall) - offsetMinutes * MINUTE_MS;
}

/** Ahead of the zone's winter offset, in whichever half of the year its winter is. */
export function isDst(wall: Wall, offset: number, zone: Intl.DateTimeFormat): boolean {
  const january = offsetAt(Date.UTC(wall.year, 0, 1), zone);
  const july = offsetAt(Date.UTC(wall.year, 6, 1), zone);
  return offset > Math.min(january, july);
}

/** `2026-03-29T02:30:00+01:00` */
export function isoText(wall: Wall, offset: number): string {
  const local = new Date(asUtc(wall)).toISOString().slice(0, 19);
  const minutes = Math.abs(Math.trunc(offset));
  return `${local}${offset < 0 ? "-" : "+"}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

export function dayName(wall: Wall): string {
  return DAYS[new Date(asUtc(wall)).getUTCDay()] ?? "";
}

function asUtc({ year, month, day, hour, minute, second }: Wall): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
