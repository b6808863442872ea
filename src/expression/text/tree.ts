import type { ExpressionProblem } from "../scope.ts";
import type { Json } from "../../util/json.ts";

/** Where something stands in the source of a text: UTF-16 units. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/** A text template: what could be read of it, and everything that is wrong with its form. */
export interface ParsedText {
  readonly parts: readonly TextPart[];
  readonly problems: readonly ExpressionProblem[];
}

/** A piece of a text template. */
export type TextPart =
  | { readonly kind: "content"; readonly text: string }
  | { readonly kind: "print"; readonly value: TextExpression }
  | TextBlock;

/** `{{#each list as |item index|}}body{{else}}otherwise{{/each}}` and its like. */
export interface TextBlock {
  readonly kind: "block";
  readonly block: BlockName;
  readonly value: TextExpression;
  /** Block parameters: at most two names. */
  readonly names: readonly string[];
  readonly body: readonly TextPart[];
  readonly otherwise: readonly TextPart[];
}

export type TextExpression = TextLiteral | TextPath | TextCall;

export interface TextLiteral extends Place {
  readonly kind: "literal";
  readonly value: Json;
}

/** `steps.draft.output`, `this.title`, `../name`, `@index`. */
export interface TextPath extends Place {
  readonly kind: "path";
  /** True for `@index` and its like; `parts` are without the `@`. */
  readonly isData: boolean;
  /** How many `../` lead it. */
  readonly up: number;
  /** True for `this.x`, `./x`, `../x`: only the context itself is asked, never an outer name. */
  readonly isOwn: boolean;
  readonly parts: readonly string[];
  /** As it is written, for messages. */
  readonly source: string;
}

export interface TextCall extends Place {
  readonly kind: "call";
  readonly helper: string;
  readonly args: readonly TextExpression[];
  readonly options: readonly { readonly name: string; readonly value: TextExpression }[];
}

/** The blocks that exist. */
export const blockNames = ["each", "if", "unless", "with"] as const;
export type BlockName = (typeof blockNames)[number];
