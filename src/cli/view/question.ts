import type { Colors } from "picocolors/types.js";
import { printable } from "../../diagnostic/printable.ts";
import type { WaitsFor } from "../../run/waits-for.ts";
import { isJsonObject, jsonText, type Json, type JsonObject } from "../../util/json.ts";
import { typedLabel } from "../../run/attempt-key.ts";

/** Of a value that the prompt refers to. */
const LONGEST_VALUE = 200;

/** A question to a person with all that they need to decide: the prompt, its values, what it lets through, until when. */
export function questionLines({ details }: WaitsFor, color: Colors): readonly string[] {
  const { prompt, values = {}, lets_through: through, deadline = null, on_timeout: onTimeout, input = null } = details;
  const lines = jsonText(prompt)
    .trimEnd()
    .split("\n")
    .map((line) => `  ${color.dim("|")} ${printable(line)}`);
  const row = (key: string, text: string): void =>
    void lines.push(`  ${color.cyan(key.padEnd(13))} ${printable(text)}`);
  for (const [name, value] of Object.entries(isJsonObject(values) ? values : {}))
    row("reads", `${name} = ${excerpt(value)}`);
  const steps = (Array.isArray(through) ? (through as readonly Json[]) : []).flatMap((step) =>
    isJsonObject(step) ? `${jsonText(step["step"])} (${jsonText(step["does"])})` : [],
  );
  row("lets through", steps.length === 0 ? "no step: only the outcome hangs on it" : steps.join(", "));
  const asked = whoMayAnswer(details);
  if (asked !== null) row("answers", asked);
  if (input !== null) row("fills in", JSON.stringify(input));
  if (deadline !== null)
    row("until", `${jsonText(deadline)}, then it ${onTimeout === "fail" ? "fails" : "counts as rejected"}`);
  return lines;
}

/** Who is asked, and who says that they are it; null where anybody is. */
function whoMayAnswer({ approvers = [], not_initiator: notInitiator, issuers = [] }: JsonObject): string | null {
  const names = (approvers as readonly string[]).join(", ");
  if (names === "" && notInitiator !== true) return null;
  const whom = names === "" ? "anybody" : names;
  const but = notInitiator === true ? ", but not who started the run" : "";
  const vouch = (issuers as readonly JsonObject[]).map(({ issuer }) => jsonText(issuer)).join(", ");
  return `${whom}${but} (${vouch === "" ? "advice: nothing verifies it" : `vouched for by ${vouch}`})`;
}

/** How a question is answered from another terminal. */
export function answerCommands(runId: string, path: string, { details }: WaitsFor): string {
  const input = (details["input"] ?? null) === null ? "" : " --input JSON";
  const name = typedLabel(path);
  return `muster approve ${runId} ${name}${input}   or   muster reject ${runId} ${name}`;
}

function excerpt(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}… (${text.length} characters)`;
}
