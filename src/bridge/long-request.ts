import type { RequestId } from "../core/json-rpc.ts";
import { isId } from "./rpc-parts.ts";

const ID = '"id"\\s*:\\s*("[^"\\\\]{1,200}"|\\d{1,15})\\s*';
const AT_HEAD = new RegExp(`^\\s*\\{\\s*"jsonrpc"\\s*:\\s*"2\\.0"\\s*,\\s*${ID},\\s*"method"`);
const AT_TAIL = new RegExp(`${ID}\\}\\s*$`);
const BEGINS_WITH_METHOD = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"method"/;

/** Whose request a line is that is too long to be read: its id stands before everything else, or after. */
export function idOfLongRequest(head: string, tail: string): RequestId | undefined {
  const found =
    AT_HEAD.exec(head) ?? (BEGINS_WITH_METHOD.test(head) ? AT_TAIL.exec(tail) : undefined);
  if (found?.[1] === undefined) return undefined;
  const id: unknown = JSON.parse(found[1]);
  return isId(id) ? id : undefined;
}
