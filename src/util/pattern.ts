import { re2 } from "./re2.ts";
import { err, ok, type Result } from "./result.ts";

/** A regular expression that matches in time linear in the text, whatever it says. */
export interface Pattern {
  /** True when some part of the text matches. */
  test(text: string): boolean;
  /** The source, as ajv wants it for its caches. */
  toString(): string;
}

/** Longer patterns, and those that RE2 makes more instructions of, are refused: nobody can read them. */
const LONGEST_PATTERN = 1_000;
const LARGEST_PROGRAM = 20_000;

/** Compiles a pattern of a user's JSON Schema in RE2 syntax: no look-around, no back references. The error says why not. */
export function compilePattern(source: string): Result<Pattern, string> {
  if (source.length > LONGEST_PATTERN) return err(`it is longer than ${LONGEST_PATTERN} characters`);
  const { RE2JS } = re2();
  try {
    const compiled = RE2JS.compile(source);
    if (compiled.programSize() > LARGEST_PROGRAM) return err("it repeats too much");
    return ok({ test: (text) => compiled.test(text), toString: () => source });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return err(
      /\(\?[=!<]/.test(source)
        ? "look-around is not supported (RE2 syntax)"
        : message.replace("error parsing regexp: ", ""),
    );
  }
}
