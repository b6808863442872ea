import { createRequire } from "node:module";

// CommonJS, so it can be loaded when it is needed without a promise: most manifests have no pattern.
const require = createRequire(import.meta.url);

/** The library for regular expressions that are matched in linear time, loaded when it is first asked for. */
export const re2 = (): typeof import("re2js") => require("re2js") as typeof import("re2js");
