/**
 * The parser of Handlebars alone: without its compiler, which generates code, and in a quarter of the time to load.
 * The path is not public, so the version is pinned exactly and a test covers it.
 */
declare module "handlebars/dist/cjs/handlebars/compiler/base.js" {
  /** Parses and applies white space control. Throws an Error, with `lineNumber` and `column` where it knows them. */
  export function parse(source: string): unknown;
}
