import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { InternalError } from "../util/internal-error.ts";
import { err, ok, type Result } from "../util/result.ts";
import { readCommonYaml } from "./common-yaml/read.ts";
import { createLazyDocument, type Document } from "./document.ts";
import { readPlacedDocument } from "./placed-document.ts";

/** The largest manifest: a thousand times a large one, and still read in about a second. */
export const LARGEST_FILE_BYTES = 1024 * 1024;

/**
 * Reads YAML 1.2 into plain data with places. After a syntax error nothing else is reported, as what follows is often
 * its consequence; otherwise all problems of the file at once. Places cost ten times what the data costs: where the
 * file is of the common form, they are looked for only when something is to be shown.
 */
export function readDocument(
  file: SourceFile,
  largestBytes: number = LARGEST_FILE_BYTES,
): Result<Document, readonly Diagnostic[]> {
  const source = { path: file.path, text: file.text.startsWith("\uFEFF") ? file.text.slice(1) : file.text };
  if (Buffer.byteLength(source.text) > largestBytes) return err([tooLarge(source.path, largestBytes)]);
  const common = readCommonYaml(source.text);
  if (common === undefined) return readPlacedDocument(source);
  return ok(
    createLazyDocument(source, common.data, () => {
      const document = readPlacedDocument(source);
      if (!document.ok) throw new InternalError(`two readings of one file differ: ${document.error[0]?.message}`);
      return document.value;
    }),
  );
}

function tooLarge(file: string, largestBytes: number): Diagnostic {
  return {
    file,
    span: { line: 1, column: 1, endLine: 1, endColumn: 1 },
    severity: "error",
    code: "WF1009",
    message: `the file is larger than ${largestBytes / 1024} KiB`,
    help: "keep data in files of their own and read them in a step",
    related: [],
  };
}
