import { createRequire } from "node:module";

// Without a promise: expressions are read in the middle of other work.
const require = createRequire(import.meta.url);

/** The CEL library, loaded when it is first asked for: many manifests have texts alone. */
export const celLibrary = (): typeof import("@marcbachmann/cel-js") =>
  require("@marcbachmann/cel-js") as typeof import("@marcbachmann/cel-js");
