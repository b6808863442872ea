import { createRequire } from "node:module";

// CommonJS, so it can be loaded when it is needed without a promise.
const require = createRequire(import.meta.url);

/** The YAML library, loaded when it is first asked for: most files are read without it. */
export const yamlLibrary = (): typeof import("yaml") => require("yaml") as typeof import("yaml");
