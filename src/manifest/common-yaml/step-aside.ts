/** Thrown where a text is not of the common form of YAML: the library reads it. */
export class StepAside extends Error {}

// One is enough: nobody looks at where it came from, and a stack costs more than all the reading of a small file.
const stepAside = new StepAside("not of the common form");
stepAside.stack = "";

export function giveUp(): never {
  throw stepAside;
}
