const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, with the moment itself for whoever wants to know. */
export function Ago({ at, now }: Readonly<{ at: number; now: number }>) {
  const iso = new Date(at).toISOString();
  return (
    <time datetime={iso} title={iso}>
      {agoText(now - at)}
    </time>
  );
}

function agoText(ms: number): string {
  if (ms < 5_000) return "just now";
  if (ms < MINUTE) return `${Math.floor(ms / 1_000)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return `${Math.floor(ms / DAY)} days ago`;
}
