import type { Json } from "../util/json.ts";

/** Values whose canonical JSON is larger than this many bytes live in the blob store. */
export const INLINE_LIMIT_BYTES = 8 * 1024;

/**
 * A value as it is stored: itself when small, else the name of a blob (its SHA-256).
 * `digest` is the SHA-256 of the value's canonical JSON, `bytes` the length of that text in UTF-8.
 */
export type ValueRef = { readonly inline: Json } | { readonly blob: string; readonly bytes: number };
