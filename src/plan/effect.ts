/** What a repetition of a lost attempt would mean (SEMANTICS.md, "In flight at a crash"). */
export type Effect = "none" | "idempotent" | "unsafe";
