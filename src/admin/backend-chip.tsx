import type { BackendState } from "../config/backend-report.ts";

/** `off`: in the config, and switched off there. */
export type ShownState = BackendState | "off";

const SHOWN: Readonly<Record<ShownState, readonly [kind: string, words: string]>> = {
  ready: ["good", "ready"],
  connecting: ["warn", "connecting"],
  down: ["bad", "down"],
  offline: ["warn", "offline"],
  off: ["off", "switched off"],
};

/** How a backend is, in a word as well as in a colour. */
export function BackendChip({ state }: Readonly<{ state: ShownState }>) {
  const [kind, words] = SHOWN[state];
  return (
    <span class={`badge ${kind}`} data-state={state}>
      {words}
    </span>
  );
}
