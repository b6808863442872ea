import { isJsonObject, type Json, type JsonObject } from "../../../src/util/json.ts";
import { base, better } from "./base.ts";
import { isExpression, isTemplate, takesExpressions } from "./language.ts";
import { valueFor, type Node, type Place } from "./place.ts";

/** Something wrong at a place: a class of mistakes, and a manifest that makes it once. */
export interface Mistake {
  readonly what: string;
  readonly manifest: JsonObject;
}

/** Keys of steps at kinds of steps, and at the top, where they are not; keys of the top at a step. */
export function misplaced(
  { keyword, path, right }: Place,
  kinds: ReadonlyMap<string, ReadonlySet<string>>,
  top: ReadonlySet<string>,
): readonly Mistake[] {
  const atStep = (kind: string): JsonObject =>
    step({
      ...((better[`.steps.NAME.(${kind})`] ?? { [kind]: better[kind] ?? "true" }) as JsonObject),
      [keyword]: right,
    });
  if (new RegExp(`^[.]steps[.]NAME[.][(]\\w+[)][.]${keyword.replace("$", "[$]")}$`).test(path)) {
    const isKind = kinds.has(keyword);
    const other = ["run", "value", "agent"].find((kind) => kinds.get(kind)?.has(keyword) !== true);
    const made: Mistake[] =
      other === undefined ? [] : [{ what: `at a step of kind '${other}'`, manifest: atStep(other) }];
    if (!top.has(keyword) && !isKind) made.push({ what: "at the top", manifest: { ...base, [keyword]: right } });
    return made;
  }
  const isOfSteps = [...kinds.values()].some((keys) => keys.has(keyword));
  if (path !== `.${keyword}` || isOfSteps) return [];
  return [{ what: "at a step", manifest: atStep("run") }];
}

function step(written: JsonObject): JsonObject {
  return { ...base, steps: { ...(base["steps"] as JsonObject), s: written } };
}

/** Every wrong use of a place that its part of the schema tells from a right one. */
export function mistakesAt(place: Place): readonly Mistake[] {
  const { forms, at, right } = place;
  if (forms.length === 0) return [];
  const made: Mistake[] = [];
  const add = (what: string, value: Json | undefined): void => {
    if (value !== undefined) made.push({ what, manifest: at(value) });
  };
  const isAny = forms.some((form) => form["x-any"] === true);
  if (isAny) {
    if (takesExpressions(place.path)) {
      add("an expression that cannot be read", "${{ 1 + }}");
      add("an expression with an unknown name", "${{ nobody }}");
      add("an expression inside of a text", "a ${{ 1 }}");
    }
    return made;
  }
  add(
    "another type",
    [7, "text", { x: 1 }, ["x"], true].find((value) => !forms.some((form) => takes(form, value))),
  );
  add("nothing", forms.some((form) => takes(form, null)) ? undefined : null);
  const texts = forms.filter((form) => takes(form, "text"));
  const isFree = texts.some((form) => form.enum === undefined && form.pattern === undefined);
  if (texts.length > 0 && !isFree) {
    const wrong = ["Not this!", " ", "${{ nobody }}"].find((text) => !texts.some((form) => fitsText(form, text)));
    add("another text", wrong);
  }
  if (isTemplate(place.path)) {
    const start = typeof right === "string" && right.startsWith("https:") ? "https://example.com/" : "";
    add("a text with an unknown name", `${start}{{ nobody }}`);
    add("a text that cannot be read", `${start}{{ inputs.text`);
    add("an expression in a text", `${start}\${{ inputs.text }} and more`);
  }
  if (isExpression(place.path)) {
    add("an expression that cannot be read", "1 +");
    add("an expression with an unknown name", "nobody == 1");
  }
  for (const form of forms) {
    const { minimum, maximum, exclusiveMinimum } = form;
    if (takes(form, 1)) {
      if (minimum !== undefined) add("too little", minimum - 1);
      if (exclusiveMinimum !== undefined) add("too little", exclusiveMinimum);
      if (maximum !== undefined) add("too much", maximum + 1);
      if ([form.type].flat().includes("integer")) add("half of one", (minimum ?? 0) + 0.5);
    }
    if (takes(form, []) && form.enum === undefined) {
      const entry =
        (Array.isArray(right) ? right[0] : undefined) ?? form.items?.examples?.[0] ?? form.items?.enum?.[0] ?? "x";
      if ((form.minItems ?? 0) > 0) add("an empty list", []);
      if (form.uniqueItems === true) add("the same twice", [entry, entry]);
    }
    if (takes(form, {}) && form.enum === undefined) mistakesInMap(form, place, add);
  }
  return made;
}

function mistakesInMap(form: Node, { path, right }: Place, add: (what: string, value: Json | undefined) => void): void {
  const kind = form["x-kind"] as string | undefined;
  const examples = [
    right,
    better[`${path.replace(/^\.finally/, ".steps")}.(${kind})`],
    ...(form.examples ?? []),
  ].filter(isJsonObject);
  const object = examples.find((each) => kind === undefined || Object.hasOwn(each, kind)) ?? {};
  if ((form.minProperties ?? 0) > 0) add("an empty map", {});
  if (form.additionalProperties === false) add(`an unknown key${of(kind)}`, { ...object, nonsense: 1 });
  for (const key of form.required ?? []) {
    if (key === kind) continue;
    const { [key]: _left, ...rest } = object;
    add(`no '${key}'${of(kind)}`, rest);
  }
  if (form.propertyNames !== undefined) {
    const [entry = valueFor(undefined)] = Object.values(object);
    add("a name that is none", { ...object, "(Not a name!": entry });
  }
}

function of(kind: string | undefined): string {
  return kind === undefined ? "" : ` in '${kind}'`;
}

function takes({ type, enum: words, const: only }: Node, value: Json): boolean {
  if (only !== undefined) return typeof only === typeof value;
  if (words !== undefined && type === undefined) return words.some((word) => typeof word === typeof value);
  const own = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  return [type ?? []].flat().some((each) => each === own || (own === "number" && each === "integer"));
}

function fitsText(form: Node, text: string): boolean {
  if (form.enum !== undefined) return form.enum.includes(text);
  return new RegExp(form.pattern ?? "", "u").test(text);
}
