import { compareHosts } from "./compare-hosts.ts";
import { atLeast, type Section } from "./section.ts";

export const hosting: Section = {
  name: "hosting",
  title: "the same Worker on what npm start uses and on bare workerd serve",
  async run({ effort: { rounds, durationMs } }) {
    const { barePerSecond, startPerSecond, ratio } = await compareHosts({ rounds, durationMs });
    return {
      table: [
        ["", "req/s", "ratio"],
        ["workerd serve", String(Math.round(barePerSecond)), "1.00"],
        ["npm start", String(Math.round(startPerSecond)), ratio.toFixed(2)],
      ],
      promises: [atLeast("npm start: throughput of bare workerd", ratio, 0.9)],
    };
  },
};
