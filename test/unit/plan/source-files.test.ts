import { expect, test } from "vitest";
import { pathBeside } from "../../../src/plan/source-files.ts";

test.each([
  ["launch.yaml", "./launch/content.yaml", "launch/content.yaml"],
  ["launch/content.yaml", "./polish.yaml", "launch/polish.yaml"],
  ["launch/content.yaml", "../shared/./a.yaml", "shared/a.yaml"],
  ["launch/content.yaml", "../../a.yaml", "../a.yaml"],
  ["../a.yaml", "../b.yaml", "../../b.yaml"],
  ["w.yaml", "prompts//x.md", "prompts/x.md"],
])("beside %s, %s is %s", (file, relative, path) => {
  expect(pathBeside(file, relative)).toEqual({ ok: true, value: path });
});

test.each(["/etc/passwd", "C:/x", "c:x", "\\\\host\\x", "a\\b"])("%s is refused", (path) => {
  expect(pathBeside("w.yaml", path).ok).toBe(false);
});
