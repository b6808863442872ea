import fc from "fast-check";
import { expect, test } from "vitest";
import { readCommonYaml } from "../../src/manifest/common-yaml/read.ts";
import { readPlacedDocument } from "../../src/manifest/placed-document.ts";
import { mutant } from "../rig/fuzz/mutant.ts";
import { yamlText } from "../rig/fuzz/yaml-text.ts";

const seed = Number(process.env["FC_SEED"] ?? 20_261_128);
const scale = Number(process.env["FC_SCALE"] ?? 1);

test.each([
  ["YAML texts", yamlText(), 4000],
  ["manifests with something wrong", mutant(), 500],
] as const)(`%s: what is read without the library, the library reads the same (FC_SEED=${seed})`, (_, texts, runs) => {
  let common = 0;
  const property = fc.property(texts, (text) => {
    const read = readCommonYaml(text);
    if (read === undefined) return;
    common += 1;
    const document = readPlacedDocument({ path: "w.yaml", text });
    expect(document.ok && JSON.stringify(document.value.data)).toBe(JSON.stringify(read.data));
    expect(document.ok && document.value.data).toEqual(read.data);
  });
  fc.assert(property, { seed, numRuns: runs * scale });
  expect(common).toBeGreaterThan((runs * scale) / 20);
});
