import type { Colors } from "picocolors/types.js";
import { labelOf } from "../../run/attempt-key.ts";
import { printable } from "../../diagnostic/printable.ts";
import { deadLetterId, type KeptLetter } from "../../run/dead-letter.ts";
import { isJsonObject, type Json } from "../../util/json.ts";
import type { Retried } from "../retried-letter.ts";
import { failureLines } from "./run-summary.ts";

/** Lines of a value that are shown. */
const SHOWN_LINES = 20;

/** How a unit stands that is tried again: the error of its letter is that of before. */
const retryText: { readonly [stands in Retried]: string } = {
  running: "being retried",
  interrupted: "retry interrupted",
};

/** `3f9a2c1b04  01JD8Z6T3V  draft[2]  2026-01-31 10:00  server/http_500  the model is down`, one line a letter. */
export function letterLines(
  letters: readonly KeptLetter[],
  retried: (letter: KeptLetter) => Retried | null,
  color: Colors,
): string {
  const width = (of: (letter: KeptLetter) => string): number => Math.max(0, ...letters.map((one) => of(one).length));
  const [runs, units] = [width(({ runId }) => runId), width(labelOf)];
  return letters
    .map((letter) => {
      const { runId, failure, failedAt, caught, isDropped } = letter;
      const stands = retried(letter);
      const notes = [
        ...(stands === null ? [] : [retryText[stands]]),
        ...(caught ? ["caught"] : []),
        ...(isDropped ? ["dropped"] : []),
      ];
      const parts = [
        deadLetterId(letter),
        runId.padEnd(runs),
        printable(labelOf(letter)).padEnd(units),
        color.dim(new Date(failedAt).toISOString().slice(0, 16).replace("T", " ")),
        color.red(`${failure.class}/${failure.code}`),
        ...(notes.length === 0 ? [] : [color.yellow(notes.join(", "))]),
        printable(`${stands === null ? "" : "before: "}${firstLine(failure.message)}`),
      ];
      return `${parts.join("  ")}\n`;
    })
    .join("");
}

/** One letter for a person. */
export function letterPage(
  letter: KeptLetter,
  retried: Retried | null,
  workflow: string,
  inputs: Json,
  color: Colors,
): string {
  const { runId, kind, agent, model, attempts, failedAt, caught, failure, isDropped } = letter;
  const who = [kind, ...(agent === null ? [] : [agent]), ...(model === null ? [] : [model])].join("  ");
  const lines = [
    `${color.bold(printable(labelOf(letter)))}  ${color.dim(`${deadLetterId(letter)}  of ${printable(workflow)}, run ${runId}`)}`,
    `${printable(who)}  ${attempts} attempt${attempts === 1 ? "" : "s"}, failed ${new Date(failedAt).toISOString()}${caught ? ", caught" : ""}${isDropped ? ", dropped" : ""}`,
    ...(retried === null ? [] : [color.yellow(`${retryText[retried]}; before that it failed so:`)]),
    "",
    ...failureLines(failure, color),
  ];
  if (failure.partial !== null) lines.push(...block("partial", failure.partial, color));
  if (isJsonObject(inputs))
    for (const [name, value] of Object.entries(inputs)) lines.push(...block(name, value, color));
  if (retried === "running") return `${lines.join("\n")}\n`;
  const id = deadLetterId(letter);
  lines.push("", `${color.cyan("next")}  muster dead-letters retry ${id}   muster dead-letters drop ${id}`);
  return `${lines.join("\n")}\n`;
}

function block(name: string, value: Json, color: Colors): string[] {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const all = text.split("\n").map(printable);
  const shown =
    all.length <= SHOWN_LINES ? all : [...all.slice(0, SHOWN_LINES), `... ${all.length - SHOWN_LINES} more lines`];
  return ["", `  ${color.cyan(printable(name))}`, ...shown.map((line) => `    ${line}`)];
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
