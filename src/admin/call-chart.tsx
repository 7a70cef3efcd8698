import type { AuditOverview } from "../telemetry/audit-store.ts";

const WIDTH = 720;
const HEIGHT = 120;
const GAP = 3;

type Chart = Readonly<{ steps: AuditOverview["steps"]; step: number }>;

/** Bars of calls, the failed ones at their foot; said in words and as a table as well. */
export function CallChart({ steps, step }: Chart) {
  const calls = steps.reduce((sum, one) => sum + one.calls, 0);
  const errors = steps.reduce((sum, one) => sum + one.errors, 0);
  const most = Math.max(1, ...steps.map((one) => one.calls));
  const width = WIDTH / Math.max(1, steps.length);
  const heightOf = (count: number): number =>
    count === 0 ? 0 : Math.max(2, Math.round((count / most) * HEIGHT));
  const words =
    calls === 0
      ? "No calls"
      : `${calls} calls, ${errors} of them failed; at most ${most} within ${step / 60_000} minutes`;
  return (
    <figure class="chart">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT + 4}`}
        role="img"
        aria-label={words}
        preserveAspectRatio="none"
      >
        <line class="ground" x1="0" x2={WIDTH} y1={HEIGHT + 2} y2={HEIGHT + 2} />
        {steps.map((one, place) => {
          const x = place * width + GAP / 2;
          const bar = { x, width: Math.max(1, width - GAP), rx: 2 };
          return (
            <g>
              <title>{`${hourOf(one.at)}: ${one.calls} calls, ${one.errors} failed`}</title>
              <rect
                class="calls"
                {...bar}
                y={HEIGHT - heightOf(one.calls)}
                height={heightOf(one.calls)}
              />
              <rect
                class="errors"
                {...bar}
                y={HEIGHT - heightOf(one.errors)}
                height={heightOf(one.errors)}
              />
            </g>
          );
        })}
      </svg>
      <figcaption class="hint">{words}. Times are UTC.</figcaption>
      {calls === 0 ? (
        ""
      ) : (
        <details>
          <summary>As a table</summary>
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Calls</th>
                <th scope="col">Failed</th>
              </tr>
            </thead>
            <tbody>
              {steps
                .filter((one) => one.calls > 0)
                .map((one) => (
                  <tr>
                    <td>{hourOf(one.at)}</td>
                    <td>{one.calls}</td>
                    <td>{one.errors}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </details>
      )}
    </figure>
  );
}

function hourOf(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}
