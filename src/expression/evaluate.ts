import { Interpreter } from "./cel/interpreter.ts";
import { parseCel, type CelNode } from "./cel/parse.ts";
import { toJson } from "./cel/value.ts";
import type { Context } from "./context.ts";
import { EvaluationError } from "./evaluation-error.ts";
import { Meter } from "./meter.ts";
import type { ExpressionError, ExpressionProblem, GateStatus } from "./scope.ts";
import type { Template } from "./template.ts";
import type { TextFileReaders } from "./text/helper.ts";
import { TextInterpreter } from "./text/interpreter.ts";
import { parseText } from "./text/parse.ts";
import type { TextPart } from "./text/tree.ts";
import { err, ok, type Result } from "../util/result.ts";
import type { Json } from "../util/json.ts";

/** Evaluates templates, each parsed once: keep one as long as its templates are in use. */
export interface Evaluator {
  /**
   * The value of a template over the given roots; a root that is undefined is not there. Pure: no clock, no
   * randomness, nothing of a prototype is read. Ends within a fixed amount of work (error `cost`). `gate` is what
   * success(), failure() and cancelled() answer: only `if` has one.
   */
  evaluate(
    template: Template,
    context: Context,
    gate?: GateStatus,
    resources?: Resources,
  ): Result<Json, ExpressionError>;
}

/** What a template reads beside names, and how what it prints is written. */
export interface Resources {
  /** The text of a file by a path that a `glob` gave; the error is a sentence. It was read: it belongs to the inputs. */
  file(path: string): Result<string, string>;
  /** Applied to each value that `{{ }}` prints into a text, not to the text around: for addresses. */
  readonly escape?: (text: string) => string;
  /** The text of an artifact of a step before, or of a file of the workspace; likewise. */
  artifact(path: string): Result<string, string>;
}

/** An evaluator with its own cache of parsed templates, which go when their templates go. */
export function createEvaluator(): Evaluator {
  const expressions = new WeakMap<Template, CelNode>();
  const texts = new WeakMap<Template, readonly TextPart[]>();

  const valueOf = (
    template: Template,
    context: Context,
    gate: GateStatus | undefined,
    meter: Meter,
    resources?: Resources,
  ): Json => {
    switch (template.kind) {
      case "literal":
        return template.value;
      case "cel": {
        const node = remember(expressions, template, () => parsedExpression(template.source));
        return resultOf(new Interpreter(context, gate, meter).run(node, null), meter);
      }
      case "text": {
        const parts = remember(texts, template, () => parsedText(template.source));
        const readers = fileReaders(template.files, resources);
        return new TextInterpreter(context, meter, readers, resources?.escape).print(parts);
      }
      case "list":
        return template.items.map((item) => valueOf(item, context, gate, meter, resources));
      case "object":
        return Object.fromEntries(
          Object.entries(template.entries).map(([key, entry]) => [
            key,
            valueOf(entry, context, gate, meter, resources),
          ]),
        );
    }
  };

  return {
    evaluate(template, context, gate, resources) {
      try {
        return ok(valueOf(template, context, gate, new Meter(), resources));
      } catch (error) {
        if (error instanceof EvaluationError) return err(error.toExpressionError());
        throw error;
      }
    },
  };
}

/** Files that the plan has come first: a path that is written out is never read at run time. */
function fileReaders(
  files: { readonly [path: string]: string } | undefined,
  resources: Resources | undefined,
): TextFileReaders {
  const given = (text: Result<string, string>): string => {
    if (text.ok) return text.value;
    throw new EvaluationError("file", text.error);
  };
  return {
    file: (path) =>
      files !== undefined && Object.hasOwn(files, path)
        ? (files[path] as string)
        : given(resources?.file(path) ?? err(`the file '${path}' cannot be read here`)),
    artifact: (path) => given(resources?.artifact(path) ?? err(`the artifact '${path}' cannot be read here`)),
  };
}

/** What came from the context whole goes on as it is, without the cost of walking through it. */
function resultOf(value: ReturnType<Interpreter["run"]>, meter: Meter): Json {
  const isWhole = value === null || typeof value !== "object" || Array.isArray(value) || isPlain(value);
  return isWhole && typeof value !== "bigint" ? (value as Json) : toJson(value, meter);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function parsedExpression(source: string): CelNode {
  const parsed = parseCel(source);
  if (parsed.ok) return parsed.value;
  throw unreadable(parsed.error);
}

function parsedText(source: string): readonly TextPart[] {
  const { parts, problems } = parseText(source);
  if (problems[0]) throw unreadable(problems[0]);
  return parts;
}

function unreadable(problem: ExpressionProblem): EvaluationError {
  return new EvaluationError("syntax", problem.message);
}

function remember<T>(cache: WeakMap<Template, T>, template: Template, make: () => T): T {
  const known = cache.get(template);
  if (known !== undefined) return known;
  const made = make();
  cache.set(template, made);
  return made;
}
