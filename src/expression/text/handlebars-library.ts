import { createRequire } from "node:module";
import type * as Parser from "handlebars/dist/cjs/handlebars/compiler/base.js";

// Without a promise: texts are read in the middle of other work.
const require = createRequire(import.meta.url);

/** The parser of Handlebars alone, loaded when it is first asked for: of most texts nothing is left for it to read. */
export const handlebarsLibrary = (): typeof Parser =>
  require("handlebars/dist/cjs/handlebars/compiler/base.js") as typeof Parser;
