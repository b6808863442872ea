import type { Colors } from "picocolors/types.js";
import { printable } from "../../diagnostic/printable.ts";
import type { StateEntry } from "../../store/store.ts";
import type { Json } from "../../util/json.ts";

/** Letters of a value that a list shows. */
const SHOWN = 60;

/** `seen/42  v3  2026-01-31 10:00  {"at":...}` */
export function stateLine({ key, value, version, updatedAt }: StateEntry, color: Colors): string {
  const text = printable(JSON.stringify(value));
  const short = text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
  const when = new Date(updatedAt).toISOString().slice(0, 16).replace("T", " ");
  return `${printable(key).padEnd(24)}  ${color.dim(`v${version}  ${when}`)}  ${short}`;
}

/** A value for a pipe: a text as it is, anything else as JSON; ends in a line feed. */
export function valueText(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return text.endsWith("\n") ? text : `${text}\n`;
}
