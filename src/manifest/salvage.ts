import { isJsonObject, type Json } from "../util/json.ts";
import type { Document } from "./document.ts";
import type { Pointer } from "./pointer.ts";
import { checkManifest } from "./validate.ts";
import type { Manifest } from "./types.ts";

/** Keys of a step whose absence gives no other problem further on: nothing else in the file refers to what they say. */
const LOOSE = new Set([
  "description",
  "needs",
  "if",
  "timeout",
  "retry",
  "idempotent",
  "cache",
  "workspace",
  "region",
  "simulate",
  "on_error",
  "env",
  "stdin",
  "cwd",
  "shell",
  "max_parallel",
  "max_items",
  "fail_fast",
  "join",
]);
/** Keys of the manifest that give names to others, or that a name may lead to. */
const NAMING_TOP = new Set([
  "muster",
  "name",
  "inputs",
  "env",
  "secrets",
  "models",
  "agents",
  "sessions",
  "channels",
  "defaults",
  "steps",
  "finally",
  "outputs",
  "variants",
]);

/** How a step may be called. */
const STEP_ID = /^[a-z][a-z0-9_]{0,63}$/;
/** Keys that make a step what it is: without one it would be another, and what it gives would be told wrong. */
const KNOWN = new Set([
  "agent",
  "session",
  "task",
  "handoff",
  "run",
  "http",
  "sql",
  "value",
  "state",
  "uses",
  "with",
  "steps",
  "outputs",
  "approval",
  "send",
  "wait",
  "output",
  "for_each",
  "matrix",
  "repeat",
  "batch",
  "fallback",
]);

/** Keys of an agent that no other key asks for. */
const LOOSE_OF_AGENT = new Set(["model", "instructions", "budget", "assume", "max_tokens"]);
/** Keys of an agent that go with others, or that steps ask for. */
const BOUND = new Set([
  "tools",
  "mcp",
  "permissions",
  "sandbox",
  "resources",
  "spawn",
  "max_turns",
  "acp",
  "command",
  "env",
]);

/** A file with more problems has enough to tell; each is mended in a copy of its own. */
const MOST_MENDED = 100;

/** Mending what the first mending left over: a step that lacks something now, and once more for the group around it. */
const MOST_ROUNDS = 3;

/** A manifest without what was wrong with its form. */
export interface Salvaged {
  readonly document: Document;
  readonly manifest: Manifest;
  /** Ids of steps that others stand in for: nothing is known of what they read and give. */
  readonly unknown: ReadonlySet<string>;
}

/**
 * What is left of a manifest with problems when the wrong entries are taken out, or replaced by
 * ones that say nothing, so that its names, graph and
 * expressions can be looked at all the same. null when taking one out could make another problem appear: one mistake
 * must not be told twice. `wrong` are the pointers of the problems.
 */
export function salvage(document: Document, wrong: readonly Pointer[]): Salvaged | null {
  const unknown = new Set<string>();
  let data: Json = document.data;
  let pointers = wrong;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    if (pointers.length > MOST_MENDED) return null;
    for (const pointer of pointers) {
      // What an earlier edit has taken away is mended.
      if (round === 0 && at(data, pointer.slice(0, 2)) === undefined) continue;
      const edit = round === 0 ? mend(pointer, data) : standIn(pointer);
      if (edit === null) return null;
      if (edit.value === STAND_IN) unknown.add(String(edit.pointer.at(-1)));
      data = edited(data, edit.pointer, edit.value);
    }
    const left: Document = { ...document, data };
    const manifest = checkManifest(left);
    if (manifest.ok) return { document: left, manifest: manifest.value, unknown };
    pointers = manifest.error.pointers;
  }
  return null;
}

/** An entry to take out, or to put something in the place of that says nothing. */
interface Edit {
  readonly pointer: Pointer;
  /** undefined = it is taken out. */
  readonly value: Json | undefined;
}

/** What to do about a problem so that nothing of it is left; null when others depend on what is wrong. */
function mend(pointer: Pointer, data: Json): Edit | null {
  const [top, name, key] = pointer;
  if (typeof top !== "string") return null;
  if (!NAMING_TOP.has(top)) return takeOut([top]);
  switch (top) {
    case "steps":
    case "finally":
      return mendStep(pointer, data);
    case "inputs": {
      if (name === undefined) return null;
      // Any value, given or not as before.
      const input = at(data, ["inputs", name]);
      const isOptional = isJsonObject(input) && Object.hasOwn(input, "default");
      return { pointer: ["inputs", name], value: isOptional ? { default: input["default"] as Json } : {} };
    }
    case "agents":
      return typeof key === "string" ? mendAgent(name as string, key, data) : null;
    case "models":
      return typeof key === "string" && key !== "model" ? takeOut(["models", name as string, key]) : null;
    case "outputs":
      // Nobody in the file reads what it gives.
      return name === undefined ? null : takeOut(["outputs", name]);
    case "env":
      return name === undefined ? null : { pointer: ["env", name], value: "" };
    case "defaults":
      return typeof name === "string" && name !== "model" ? takeOut(["defaults", name]) : null;
    default:
      return null;
  }
}

/** Stands for a step of which nothing can be told. */
const STAND_IN: Json = { value: null };

/** An agent is known by its name alone, and without a model it has the default one; but what it may do hangs together. */
function mendAgent(name: string, key: string, data: Json): Edit | null {
  const pointer = ["agents", name];
  const agent = at(data, pointer);
  const isAlone = !isJsonObject(agent) || !Object.keys(agent).some((one) => BOUND.has(one));
  if (LOOSE_OF_AGENT.has(key) || isAlone) return takeOut([...pointer, key]);
  // Steps that ask for files would be told that their agent has no tools.
  if (asksForFiles(at(data, ["steps"])) || asksForFiles(at(data, ["finally"]))) return null;
  const rest = Object.entries(agent).filter(([one]) => one !== key && !BOUND.has(one));
  return { pointer, value: Object.fromEntries(rest) };
}

function asksForFiles(steps: Json | undefined): boolean {
  if (!isJsonObject(steps)) return false;
  return Object.values(steps).some(
    (step) =>
      isJsonObject(step) &&
      (Object.hasOwn(step, "workspace") || Object.hasOwn(step, "writes") || asksForFiles(step["steps"])),
  );
}

function mendStep(pointer: Pointer, data: Json): Edit | null {
  const depth = depthOf(pointer);
  const key = pointer[depth];
  const entry = pointer.slice(0, depth + 1);
  // A schema that allows anything: what reads the output is not told of fields that it may have.
  if (key === "output" && hasOutput(at(data, pointer.slice(0, depth)))) return { pointer: entry, value: {} };
  // A key that no step has (a slip of the pen, another tool's word) refers to nothing; kinds are not known here.
  const isLoose = typeof key === "string" && (LOOSE.has(key) || (pointer.length === depth + 1 && !KNOWN.has(key)));
  return isLoose ? takeOut(entry) : standIn(pointer);
}

/** How far down a pointer its innermost step is. */
function depthOf(pointer: Pointer): number {
  let depth = 2;
  while (pointer[depth] === "steps" && pointer.length >= depth + 2) depth += 2;
  return depth;
}

/** Another step in the place of a wrong one; null where no step is, or others cannot name it. */
function standIn(pointer: Pointer): Edit | null {
  if (pointer[0] !== "steps" && pointer[0] !== "finally") return null;
  const step = pointer.slice(0, depthOf(pointer));
  const id = step.at(-1);
  return step.length < 2 || typeof id !== "string" || !STEP_ID.test(id) ? null : { pointer: step, value: STAND_IN };
}

/** Whether a step is of a kind that declares its output. */
function hasOutput(step: Json | undefined): boolean {
  return isJsonObject(step) && ["agent", "run", "value"].some((kind) => Object.hasOwn(step, kind));
}

const takeOut = (pointer: Pointer): Edit => ({ pointer, value: undefined });

function at(value: Json | undefined, pointer: Pointer): Json | undefined {
  let found = value;
  for (const segment of pointer) {
    if (!isJsonObject(found) || typeof segment !== "string" || !Object.hasOwn(found, segment)) return undefined;
    found = found[segment];
  }
  return found;
}

function edited(value: Json, [segment, ...rest]: Pointer, put: Json | undefined): Json {
  if (!isJsonObject(value) || typeof segment !== "string" || !Object.hasOwn(value, segment)) return value;
  const { [segment]: entry, ...others } = value;
  if (rest.length === 0 && put === undefined) return others;
  const changed = rest.length === 0 ? (put as Json) : edited(entry as Json, rest, put);
  // In place, so that the order of the steps stays.
  return Object.fromEntries(Object.entries(value).map(([key, old]) => [key, key === segment ? changed : old]));
}
