import { expect, test } from "vitest";
import { asToolImage, imageMessage } from "../../src/chat/tool-image.ts";

const IMAGE = { mimeType: "image/png", data: "aGk=" };

test("takes what providers can look at, in the spelling they know", () => {
  expect(asToolImage("image/PNG", "aGk=")).toEqual(IMAGE);
  expect(asToolImage("image/jpg", "-_8")).toEqual({ mimeType: "image/jpeg", data: "+/8=" });
});

test("takes nothing else: drawings with script, no base64, no end", () => {
  expect(asToolImage("image/svg+xml", "aGk=")).toBeUndefined();
  expect(asToolImage("image/png", 'aGk="')).toBeUndefined();
  expect(asToolImage("image/png", "")).toBeUndefined();
  expect(asToolImage("image/png", "aGkaG")).toBeUndefined();
  expect(asToolImage("image/png", "a".repeat(5_000_001))).toBeUndefined();
});

test("case 35: shows pictures as a message of the user, under the name of their tool", () => {
  expect(
    imageMessage([
      { name: "erp_chart", images: [IMAGE] },
      { name: "erp_get", images: [] },
    ])?.message,
  ).toEqual({
    role: "user",
    content: [
      { type: "text", text: "Images from the result of erp_chart:" },
      { type: "image_url", image_url: { url: "data:image/png;base64,aGk=" } },
    ],
  });
});

test("shows a bounded number, and says how many are missing", () => {
  const eight = Array.from({ length: 8 }, () => IMAGE);
  const shown = imageMessage([
    { name: "a", images: eight },
    { name: "b", images: eight },
  ]);
  expect(shown?.message["content"]).toHaveLength(12);
  expect(JSON.stringify(shown)).toContain("result of b (6 more left out):");
});

test("shows no more than an answer can carry from turn to turn", () => {
  const first = imageMessage([{ name: "a", images: [IMAGE, IMAGE] }], 6);
  expect(first?.message["content"]).toHaveLength(2);
  expect(JSON.stringify(first)).toContain("result of a (1 more left out):");
  const second = imageMessage([{ name: "b", images: [IMAGE] }], first?.chars);
  expect(second?.message["content"]).toEqual([
    { type: "text", text: "Images from the result of b (1 more left out):" },
  ]);
});

test("is no message without pictures", () => {
  expect(imageMessage([])).toBeUndefined();
  expect(imageMessage([{ name: "a", images: [] }])).toBeUndefined();
});
