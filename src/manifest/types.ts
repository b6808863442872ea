/** The manifest as it is written, after validation. Generated from schemas/workflow.v1.json. */
export type * from "./generated/types.ts";
