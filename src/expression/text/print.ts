import { measureJson } from "../cel/value.ts";
import type { Meter } from "../meter.ts";
import type { Json } from "../../util/json.ts";

/** JSON text of a value, indented by `indent` spaces (0: on one line). */
export function printJson(value: Json, indent: number, meter: Meter): string {
  measureJson(value, meter, 0, indent);
  const text = JSON.stringify(value, null, indent);
  meter.chargeText(text.length);
  return text;
}
