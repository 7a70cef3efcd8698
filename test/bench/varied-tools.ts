/** Tools as many services have them: a verb, a thing, and sentences that share some words with others. */
const VERBS = "list get create update delete search send approve archive export import sync".split(
  " ",
);
const THINGS =
  "invoice customer order payment product account ticket issue project task message channel document file folder calendar event contact lead deal campaign report dashboard chart user group role key backup snapshot disk pool service container image network rule alert metric log sensor light automation scene recipe playlist track photo album note".split(
    " ",
  );
const PLACES = "home office shop cloud warehouse school clinic studio farm club".split(" ");

export function variedTools(name: string, count: number) {
  const place = PLACES[name.length % PLACES.length] ?? "";
  return Array.from({ length: count }, (_, index) => {
    const verb = VERBS[index % VERBS.length] ?? "";
    const thing = THINGS[(index * 7 + hash(name)) % THINGS.length] ?? "";
    const other = THINGS[(index * 13 + hash(name) * 3) % THINGS.length] ?? "";
    return {
      name: `${verb}_${thing}_${index}`,
      title: `${verb} ${thing}`,
      description: `Use this tool to ${verb} one ${thing} of the ${place}, together with each ${other} that belongs to it. Returns the ${thing} with its id, status, owner and dates; fails when the ${other} is locked. Number ${index} of ${name}.`,
      inputSchema: {
        type: "object",
        properties: {
          [`${thing}_id`]: { type: "string", description: `Which ${thing}` },
          [`${other}_status`]: { type: "string" },
          limit: { type: "integer" },
        },
      },
    };
  });
}

function hash(text: string): number {
  let sum = 7;
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973;
  return sum;
}
