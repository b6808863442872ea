import type { DiagnosticCode } from "../../diagnostic/code.ts";
import { suggest } from "../../diagnostic/suggest.ts";
import type { ExpressionProblem } from "../scope.ts";
import type { Json } from "../../util/json.ts";
import { helpers, isHelper } from "./helper.ts";
import { placesOf } from "./place.ts";
import {
  blockNames,
  type BlockName,
  type ParsedText,
  type Place,
  type TextCall,
  type TextExpression,
  type TextPart,
  type TextPath,
} from "./tree.ts";

/** A node of the Handlebars parser, as far as this file reads it. */
export interface HandlebarsNode {
  readonly type: string;
  readonly loc?: { readonly start: Position; readonly end: Position };
  readonly body?: readonly HandlebarsNode[];
  readonly value?: unknown;
  readonly path?: HandlebarsNode;
  /** Of a partial. */
  readonly name?: HandlebarsNode;
  readonly params?: readonly HandlebarsNode[];
  readonly hash?: { readonly pairs: readonly { readonly key: string; readonly value: HandlebarsNode }[] };
  readonly program?: HandlebarsNode;
  readonly inverse?: HandlebarsNode;
  readonly blockParams?: readonly string[];
  readonly data?: boolean;
  readonly depth?: number;
  readonly parts?: readonly string[];
  readonly original?: unknown;
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/** Turns a Handlebars program into our tree; whatever has no place in it becomes a problem. */
export function convertProgram(program: HandlebarsNode, source: string): ParsedText {
  const converter = new Converter(source);
  return { parts: converter.parts(program), problems: converter.problems };
}

class Converter {
  readonly problems: ExpressionProblem[] = [];
  readonly #source: string;
  readonly #offsetOf: (line: number, column: number) => number;

  constructor(source: string) {
    this.#source = source;
    this.#offsetOf = placesOf(source).offsetOf;
  }

  parts(program: HandlebarsNode | undefined): readonly TextPart[] {
    return (program?.body ?? []).flatMap((node) => this.#part(node) ?? []);
  }

  #part(node: HandlebarsNode): TextPart | null {
    switch (node.type) {
      case "ContentStatement":
        return { kind: "content", text: node.value as string };
      case "CommentStatement":
        return null;
      case "MustacheStatement":
        return this.#print(node);
      case "BlockStatement":
        return this.#block(node);
      case "PartialStatement":
      case "PartialBlockStatement":
        return this.#problem(node, "WF4014", "a partial cannot be put in here", null);
      default:
        return this.#problem(node, "WF4002", "decorators ({{* name}}) are not part of the language", null);
    }
  }

  #print(node: HandlebarsNode): TextPart | null {
    const path = node.path as HandlebarsNode;
    if (path.type !== "PathExpression") return { kind: "print", value: this.#literal(path) };
    const isCall = (node.params?.length ?? 0) > 0 || node.hash !== undefined;
    const value = isCall ? this.#call(node) : this.#printedPath(path);
    return value && { kind: "print", value };
  }

  /** `{{ lines }}`: a helper without arguments, or a field that it hides. */
  #printedPath(node: HandlebarsNode): TextPath | null {
    const path = this.#path(node);
    const name = path.source;
    if (!isHelper(name)) return path;
    const needs = `'${name}' is the name of a helper, which needs an argument`;
    return this.#problem(node, "WF4011", needs, `for a field of that name write {{ this.${name} }}`);
  }

  #block(node: HandlebarsNode): TextPart | null {
    const path = node.path as HandlebarsNode;
    const name = String(path.original);
    if (!(blockNames as readonly string[]).includes(name)) {
      const near = suggest(name, blockNames);
      const help = near ? `did you mean {{#${near}}}?` : "the blocks are #if, #unless, #each and #with";
      return this.#problem(path, "WF4006", `there is no block '${name}'`, help);
    }
    const [condition, ...others] = node.params ?? [];
    if (!condition || others.length > 0 || node.hash) {
      const help = others.length > 0 ? `compare with a helper: {{#${name} (eq a b)}}` : `write {{#${name} path}}`;
      return this.#problem(path, "WF4002", `#${name} takes exactly one argument`, help);
    }
    const value = this.#expression(condition);
    const body = this.parts(node.program);
    const otherwise = this.parts(node.inverse);
    const names = [...(node.program?.blockParams ?? node.inverse?.blockParams ?? [])];
    if (names.length > (name === "each" ? 2 : name === "with" ? 1 : 0)) {
      return this.#problem(path, "WF4002", `#${name} does not give as many names as \`as |...|\` takes`, null);
    }
    return value && { kind: "block", block: name as BlockName, value, names, body, otherwise };
  }

  #expression(node: HandlebarsNode): TextExpression | null {
    if (node.type === "PathExpression") return this.#path(node);
    return node.type === "SubExpression" ? this.#call(node) : this.#literal(node);
  }

  #call(node: HandlebarsNode): TextCall | null {
    const path = node.path as HandlebarsNode;
    const helper = String(path.original);
    if (!isHelper(helper)) {
      const near = suggest(helper, helpers.keys());
      const help = near ? `did you mean '${near}'?` : `the helpers are ${[...helpers.keys()].join(", ")}`;
      return this.#problem(path, "WF4006", `there is no helper '${helper}'`, help);
    }
    const args = (node.params ?? []).map((param) => this.#expression(param));
    const options = (node.hash?.pairs ?? []).map(({ key, value }) => ({ name: key, value: this.#expression(value) }));
    if (args.includes(null) || options.some(({ value }) => value === null)) return null;
    const call: TextCall = {
      kind: "call",
      helper,
      args: args as readonly TextExpression[],
      options: options as TextCall["options"],
      ...this.#place(node.type === "SubExpression" ? node : path),
    };
    const misuse = helpers.get(helper)?.misuseOf(call) ?? null;
    return misuse === null ? call : this.#problem(path, "WF4007", misuse, `write ${helpers.get(helper)?.usage}`);
  }

  #path(node: HandlebarsNode): TextPath {
    const place = this.#place(node);
    const source = this.#source.slice(place.offset, place.offset + place.length);
    return {
      kind: "path",
      isData: node.data === true,
      up: node.depth ?? 0,
      isOwn: /^(this\b(?!-)|\.)/.test(source) || (node.depth ?? 0) > 0,
      parts: node.parts ?? [],
      source,
      ...place,
    };
  }

  #literal(node: HandlebarsNode): TextExpression {
    return { kind: "literal", value: (node.value ?? null) as Json, ...this.#place(node) };
  }

  #place({ loc }: HandlebarsNode): Place {
    if (!loc) return { offset: 0, length: 0 };
    const offset = this.#offsetOf(loc.start.line, loc.start.column);
    return { offset, length: this.#offsetOf(loc.end.line, loc.end.column) - offset };
  }

  #problem(node: HandlebarsNode, code: DiagnosticCode, message: string, help: string | null): null {
    this.problems.push({ code, message, help, ...this.#place(node) });
    return null;
  }
}
