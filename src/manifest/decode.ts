import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { err, ok, type Result } from "../util/result.ts";

/** The text of a file: UTF-8, a byte order mark is dropped. Other encodings and broken bytes are diagnostics. */
export function decodeSource(path: string, bytes: Uint8Array): Result<SourceFile, readonly Diagnostic[]> {
  const [first, second, third] = bytes;
  const utf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  // Without a mark, every other byte of an ASCII text in UTF-16 is zero.
  if (utf16 || (first === 0 && second !== 0) || (second === 0 && first !== 0 && third !== 0)) {
    return refused(
      path,
      1,
      1,
      "the file is UTF-16, not UTF-8",
      "save it as UTF-8; editors call this the file's encoding",
    );
  }
  try {
    return ok({ path, text: decoder(true).decode(bytes) });
  } catch {
    const { line, column } = firstBadByte(bytes);
    return refused(path, line, column, "the file is not UTF-8 text: there is a broken byte here", "save it as UTF-8");
  }
}

const decoder = (fatal: boolean) => new TextDecoder("utf-8", { fatal });

/** Line by line, as a line feed is never part of a longer character. */
function firstBadByte(bytes: Uint8Array): { line: number; column: number } {
  let start = 0;
  for (let line = 1; ; line++) {
    const feed = bytes.indexOf(10, start);
    const content = bytes.subarray(start, feed === -1 ? bytes.length : feed);
    try {
      decoder(true).decode(content);
    } catch {
      return { line, column: decoder(false).decode(content).indexOf("\uFFFD") + 1 };
    }
    start = feed + 1;
  }
}

function refused(
  path: string,
  line: number,
  column: number,
  message: string,
  help: string,
): Result<never, readonly Diagnostic[]> {
  const span = { line, column, endLine: line, endColumn: column + 1 };
  return err([{ file: path, span, severity: "error", code: "WF1010", message, help, related: [] }]);
}
