import type { NormalManifest } from "../manifest/normal.ts";

/** The manifest with what its variants are given: of their inputs those that it has itself. */
export function passByName(
  manifest: NormalManifest,
  uses: ReadonlyMap<string, { readonly manifest: NormalManifest } | null>,
): NormalManifest {
  if (manifest.variants === null) return manifest;
  const names = new Set(manifest.variants.map(({ name }) => name));
  const steps = manifest.steps.map((step) => {
    if (step.body.kind !== "uses" || !names.has(step.id)) return step;
    const inputs = Object.keys(uses.get(step.id)?.manifest.inputs ?? {});
    const passed = inputs.filter((name) => Object.hasOwn(manifest.inputs, name));
    const values = Object.fromEntries(passed.map((name) => [name, `\${{ inputs.${name} }}`]));
    return { ...step, body: { ...step.body, with: values } };
  });
  return { ...manifest, steps };
}
