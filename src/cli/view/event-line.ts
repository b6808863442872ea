import { printable } from "../../diagnostic/printable.ts";
import type { StoredEvent } from "../../run/event.ts";
import { eventJson } from "../../run/event-json.ts";
import { isJsonObject, jsonText, type Json } from "../../util/json.ts";

/** What is said in sentences stands at the end of the line, as it is. */
const SENTENCES = ["message", "help"];

/** `2026-01-31T10:00:00.000Z  attempt.failed     draft[2] #1  class=server code=http_500  the model is down` */
export function eventLine(runId: string, event: StoredEvent): string {
  const { v: _v, seq: _seq, run_id: _run, at, type, step, item, attempt, ...rest } = eventJson(runId, event);
  const place = `${step === undefined ? "" : jsonText(step)}${item === undefined ? "" : `[${jsonText(item)}]`}${attempt === undefined ? "" : ` #${jsonText(attempt)}`}`;
  const fields = Object.entries(rest)
    .flatMap(([name, value]) => (name === "error" && isJsonObject(value) ? Object.entries(value) : [[name, value]]))
    .filter((field): field is [string, Json] => field[1] !== null && field[1] !== undefined);
  const data = fields
    .filter(([name]) => !SENTENCES.includes(name))
    .map(([name, value]) => `${name}=${fieldText(value)}`)
    .join(" ");
  const said = SENTENCES.flatMap((wanted) =>
    fields.filter(([name]) => name === wanted).map(([, text]) => jsonText(text)),
  );
  const parts = [jsonText(at), jsonText(type).padEnd(17), place, data, ...said];
  return printable(parts.filter((part) => part !== "").join("  ")).trimEnd();
}

/** A word or number as it is; all else as JSON, so that a field has an end. */
function fieldText(value: Json): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
