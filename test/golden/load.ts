import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import { renderDiagnostics } from "../../src/diagnostic/render.ts";
import type { Document } from "../../src/manifest/document.ts";
import type { NormalManifest } from "../../src/manifest/normal.ts";
import { normalise } from "../../src/manifest/normalise.ts";
import { readDocument } from "../../src/manifest/read.ts";
import { validateManifest } from "../../src/manifest/validate.ts";

/** Reads a manifest that is valid as far as its form goes; its problems are a mistake in the test. */
export function load(text: string, path = "workflow.yaml"): { document: Document; manifest: NormalManifest } {
  const source = { path, text };
  const fail = (diagnostics: readonly Diagnostic[]): never => {
    throw new Error(`the manifest of this test is not valid:\n${renderDiagnostics(diagnostics, [source])}`);
  };
  const document = readDocument(source);
  if (!document.ok) return fail(document.error);
  const manifest = validateManifest(document.value);
  if (!manifest.ok) return fail(manifest.error);
  return { document: document.value, manifest: normalise(manifest.value) };
}
