import type { RE2JS } from "re2js";
import { re2 } from "../../util/re2.ts";
import { EvaluationError } from "../evaluation-error.ts";
import type { Meter } from "../meter.ts";

/** UTF-16 units of a pattern: what a person can still read. */
const longestPattern = 1000;

/** Instructions of a compiled pattern: `((a{100}){100}){100}` is short and huge. */
const largestProgram = 2000;

/** The regular expressions of one evaluation: RE2 syntax, linear in the text, each compiled once. */
export class Patterns {
  readonly #compiled = new Map<string, RE2JS>();

  /** True when the pattern matches some part of the text. Throws `value` for a pattern that is none. */
  test(text: string, pattern: string, meter: Meter): boolean {
    const compiled = this.#compiled.get(pattern) ?? this.#compile(pattern, meter);
    // Worst case: every instruction at every character.
    meter.charge(1 + Math.ceil((text.length * Math.max(16, compiled.programSize())) / 128));
    return compiled.test(text);
  }

  #compile(pattern: string, meter: Meter): RE2JS {
    if (pattern.length > longestPattern) {
      throw new EvaluationError("cost", `a pattern of matches is longer than ${longestPattern} characters`);
    }
    meter.charge(200 + 20 * pattern.length);
    const library = re2();
    try {
      const compiled = library.RE2JS.compile(pattern);
      if (compiled.programSize() > largestProgram) {
        throw new EvaluationError("cost", "a pattern of matches repeats too much");
      }
      meter.charge(compiled.programSize());
      this.#compiled.set(pattern, compiled);
      return compiled;
    } catch (error) {
      if (!(error instanceof library.RE2JSException)) throw error;
      throw new EvaluationError("value", `matches: ${JSON.stringify(pattern)} is not a pattern that RE2 knows`);
    }
  }
}
