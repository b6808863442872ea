/** What somebody wrote as in another language, and how it is written here. */
export interface Habit {
  readonly message: string;
  readonly help: string;
}

/** `a && 'x' || 'y'`, which chooses a value in GitHub Actions. */
export function ternaryHabit(condition: string, chosen: string, otherwise: string): Habit {
  return {
    message: "`&&` and `||` give true or false and cannot choose a value",
    help: `write ${condition} ? ${chosen} : ${otherwise}`,
  };
}

/** Functions of other languages that are methods here: `contains(a, b)`. */
const methodNames: ReadonlyMap<string, string> = new Map([
  ["contains", "contains"],
  ["startsWith", "startsWith"],
  ["endsWith", "endsWith"],
  ["split", "split"],
  ["join", "join"],
  ["replace", "replace"],
  ["trim", "trim"],
  ["substring", "substring"],
  ["indexOf", "indexOf"],
  ["lowerAscii", "lowerAscii"],
  ["upperAscii", "upperAscii"],
  ["lower", "lowerAscii"],
  ["upper", "upperAscii"],
]);

/** Functions with another name here. */
const renamed: ReadonlyMap<string, string> = new Map([
  ["fromJSON", "from_json"],
  ["fromJson", "from_json"],
  ["toJSON", "to_json"],
  ["toJson", "to_json"],
  ["len", "size"],
  ["length", "size"],
  ["count", "size"],
  ["str", "string"],
  ["float", "double"],
  ["number", "double"],
]);

const renamedMethods: ReadonlyMap<string, string> = new Map([
  ["includes", "contains"],
  ["some", "exists"],
  ["every", "all"],
  ["any", "exists"],
  ["toLowerCase", "lowerAscii"],
  ["lower", "lowerAscii"],
  ["toUpperCase", "upperAscii"],
  ["upper", "upperAscii"],
  ["strip", "trim"],
  ["startswith", "startsWith"],
  ["endswith", "endsWith"],
  ["slice", "substring"],
  ["test", "matches"],
  ["match", "matches"],
]);

/** The habit behind a function that does not exist, or null. `args` and `receiver` are sources. */
export function functionHabit(name: string, args: readonly string[], receiver: string | null): Habit | null {
  const message = `there is no function '${name}'`;
  if (receiver !== null) {
    const method = renamedMethods.get(name);
    if (method) return { message, help: `write ${receiver}.${method}(${args.join(", ")})` };
    return name === "length" ? { message, help: `write size(${receiver})` } : null;
  }
  const method = methodNames.get(name);
  const [first, ...rest] = args;
  if (method && first !== undefined) {
    return { message: `'${name}' is called on its text or list`, help: `write ${first}.${method}(${rest.join(", ")})` };
  }
  const other = renamed.get(name);
  if (other) return { message, help: `write ${other}(${args.join(", ")})` };
  if (name === "format") return { message, help: 'put texts together with +, as in "a " + string(b)' };
  if (name === "hashFiles") return { message, help: "read files in a `run` step, or name them in `reads`" };
  return ["now", "random", "uuid"].includes(name)
    ? { message, help: "expressions have no clock and no chance: a resumed run must get the same values" }
    : null;
}
