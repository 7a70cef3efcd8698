import { expect, test } from "vitest";
import { nearNames } from "../../src/catalog/near-names.ts";

const NAMES = ["erp_get_document", "erp_list_documents", "nas_pool_query", "time_now"];

test("finds what a mistyped name meant, best first", () => {
  expect(nearNames("erp_get_documnet", NAMES, 5)[0]).toBe("erp_get_document");
  expect(nearNames("get_document", NAMES, 5)[0]).toBe("erp_get_document");
  expect(nearNames("TIME.NOW", NAMES, 5)).toEqual(["time_now"]);
});

test("finds nothing for what is like nothing", () => {
  expect(nearNames("zzzzzz", NAMES, 5)).toEqual([]);
});

test("shows no more than asked for", () => {
  expect(nearNames("erp", NAMES, 1)).toHaveLength(1);
});
