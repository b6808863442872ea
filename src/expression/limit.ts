import { DEEPEST_JSON } from "../util/json.ts";

/** Bounds that keep a hostile expression from costing more than a moment. All are far above honest use. */

/** UTF-16 units of one CEL expression. */
export const longestExpression = 16 * 1024;

/** UTF-16 units of one text template. */
export const longestText = 1024 * 1024;

/** Nodes of one CEL expression, and how deeply they may nest. */
export const mostNodes = 5000;
export const deepestExpression = 250;

/** Blocks and `else` of one text: the Handlebars parser is quadratic in their depth. */
export const mostBlocks = 500;

/** Parentheses in one `{{ }}`, for the same reason. */
export const mostParentheses = 64;

/** Work of one evaluation, in units of about 50 ns (one node, one list element, 64 characters). */
export const mostWork = 1_000_000;

/** UTF-16 units of what one text template prints. */
export const largestOutput = 16 * 1024 * 1024;

/** How deeply JSON that an expression reads or builds may nest. */
export const deepestJson = DEEPEST_JSON;
