import { parseConfig, parseDocumentText } from "../config/config-document.ts";
import { withoutLocalParts } from "../config/local-parts.ts";

export type WithoutCommands = Readonly<{
  text: string;
  /** Entries whose server runs where the file is. */
  started: readonly string[];
}>;

/**
 * A document as the gateway gets it: what starts a server, and the secrets it is started with, stay
 * with the command. A text that is not valid goes as it is, for the gateway to say what is wrong.
 */
export function withoutCommands(text: string): WithoutCommands {
  try {
    const written = parseDocumentText(text);
    parseConfig(written);
    const { document, started } = withoutLocalParts(written);
    return { text: started.length === 0 ? text : JSON.stringify(document), started };
  } catch {
    return { text, started: [] };
  }
}
