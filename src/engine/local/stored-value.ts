import { INLINE_LIMIT_BYTES, type ValueRef } from "../../run/value-ref.ts";
import type { Store } from "../../store/store.ts";
import type { Json } from "../../util/json.ts";

/** Small values stay where they are named; large ones are in the blob store before anything names them. */
export function keepValue(store: Store, value: Json): ValueRef {
  const text = JSON.stringify(value);
  if (text.length <= INLINE_LIMIT_BYTES / 3) return { inline: value };
  const bytes = Buffer.from(text, "utf8");
  return bytes.length <= INLINE_LIMIT_BYTES ? { inline: value } : { blob: store.putBlob(bytes), bytes: bytes.length };
}

/** The value behind a reference. Throws StoreError when its blob is damaged. */
export function readValue(store: Store, ref: ValueRef): Json {
  return "inline" in ref ? ref.inline : (JSON.parse(Buffer.from(store.getBlob(ref.blob)).toString("utf8")) as Json);
}
