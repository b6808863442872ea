import { normalise } from "../../src/manifest/normalise.ts";
import { readDocument } from "../../src/manifest/read.ts";
import { checkManifest } from "../../src/manifest/validate.ts";
import { buildPlan } from "../../src/plan/build.ts";
import type { Plan } from "../../src/plan/types.ts";

/** A manifest that was read and checked, ready to be planned. It may be larger than a file of a user. */
export function prepared(text: string): () => Plan {
  const document = readDocument({ path: "bench.yaml", text }, Number.POSITIVE_INFINITY);
  if (!document.ok) throw new Error(document.error[0]?.message);
  const manifest = checkManifest(document.value);
  if (!manifest.ok) throw new Error(manifest.error.diagnostics[0]?.message);
  const normal = normalise(manifest.value);
  return () => {
    const built = buildPlan(document.value, normal);
    if (!built.ok) throw new Error(built.error[0]?.message);
    return built.value.plan;
  };
}
