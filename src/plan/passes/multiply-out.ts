import type { NormalMatrix } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import { combinationsOf, productOf } from "../matrix.ts";
import type { Problems } from "../problems.ts";

/** A larger `max_items` is nothing to suggest. */
const MOST_SENSIBLE = 100_000;

/** The combinations of a step's matrix; what is wrong with it is reported, and gives none. */
export function multiplyOut(
  id: string,
  matrix: NormalMatrix,
  maxItems: number,
  pointer: Pointer,
  problems: Problems,
): readonly JsonObject[] {
  const isStatic = !hasExpression(matrix, pointer, problems);
  excludeNames(matrix, pointer, problems);
  // What is excluded is multiplied out before; a matrix that is far too large is not.
  const product = productOf(matrix);
  const tooMany = (size: number): readonly JsonObject[] => {
    problems.error(pointer, {
      code: "WF3011",
      message: `the matrix of step '${id}' has ${size} combinations, more than \`max_items\` allows (${maxItems})`,
      help: size > MOST_SENSIBLE ? "take values out" : `take values out, or write \`max_items: ${size}\``,
      piece: "key",
    });
    return [];
  };
  if (product > 10 * maxItems + 10_000) return tooMany(product);
  const combinations = combinationsOf(matrix);
  if (combinations.length > maxItems) return tooMany(combinations.length);
  if (combinations.length === 0) {
    problems.error(pointer, {
      code: "WF3026",
      message: `the matrix of step '${id}' has no combination left`,
      help: "take something out of `exclude`",
      piece: "key",
    });
  }
  return isStatic ? combinations : [];
}

/** A matrix is the same in every run. */
function hasExpression({ axes, include, exclude }: NormalMatrix, pointer: Pointer, problems: Problems): boolean {
  let found = false;
  const visit = (value: Json, at: Pointer): void => {
    if (typeof value === "string" && value.includes("${{")) {
      found = true;
      problems.error(at, {
        code: "WF4003",
        message: "a matrix is the same in every run: there are no expressions in it",
        help: "go over computed values with `for_each`",
      });
    } else if (Array.isArray(value)) value.forEach((entry: Json, index) => visit(entry, [...at, index]));
    else if (typeof value === "object" && value !== null) {
      for (const [key, entry] of Object.entries(value)) visit(entry, [...at, key]);
    }
  };
  visit(axes, pointer);
  visit(include, [...pointer, "include"]);
  visit(exclude, [...pointer, "exclude"]);
  return found;
}

/** `exclude` of a key that no combination has leaves nothing out. */
function excludeNames({ axes, exclude }: NormalMatrix, pointer: Pointer, problems: Problems): void {
  const keys = Object.keys(axes);
  exclude.forEach((entry, index) => {
    for (const key of Object.keys(entry)) {
      if (Object.hasOwn(axes, key)) continue;
      const meant = problems.suggest(key, keys);
      problems.error([...pointer, "exclude", index, key], {
        code: "WF3026",
        message: `\`exclude\` names '${key}', which the matrix does not have`,
        help: meant === null ? `it has ${keys.join(", ")}` : `did you mean '${meant}'?`,
        piece: "key",
      });
    }
  });
}
