import type { Json } from "../util/json.ts";

/** The values that a template may read, by root name; a root that is undefined is not there. */
export type Context = { readonly [root: string]: Json | undefined };
