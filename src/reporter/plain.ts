import { skipText } from "../run/skip-text.ts";
import type { Colors } from "picocolors/types.js";
import type { StoredEvent } from "../run/event.ts";
import { formatElapsed, formatTokens, formatUsd } from "../util/format.ts";
import { isJsonObject, jsonText, type Json } from "../util/json.ts";
import { printable } from "../diagnostic/printable.ts";
import type { Reporter } from "./reporter.ts";

/**
 * One line for each thing that a person wants to know, on stderr. Readable in a log file, with or without colour.
 *
 *   12.3s  ok    security   2.1s  1.2k tokens  $0.0004
 */
export function createPlainReporter(write: (text: string) => void, color: Colors): Reporter {
  let startedAt: number | null = null;
  /** Batches that were told of: all items of a step wait for the same. */
  const batches = new Set<string>();
  const line = (at: number, mark: string, text: string): void => {
    startedAt ??= at;
    write(`${color.dim(formatElapsed(at - startedAt).padStart(7))}  ${mark}  ${text}\n`);
  };
  const marks = {
    run: color.cyan("run  "),
    ok: color.green("ok   "),
    fail: color.red("fail "),
    retry: color.yellow("retry"),
    skip: color.dim("skip "),
    stop: color.yellow("stop "),
    wait: color.yellow("wait "),
    note: color.yellow("note "),
  };
  const tell = ({ at, type, step, item, attempt, data = {} }: StoredEvent): void => {
    const { child } = data;
    const name = printable(jsonText(child ?? `${step ?? ""}${item === undefined ? "" : `[${item}]`}`));
    switch (type) {
      case "run.started":
        startedAt = at;
        return;
      case "step.started":
        line(at, marks.run, `${name}${typeof data["items"] === "number" ? `  ${data["items"]} items` : ""}`);
        return;
      case "step.succeeded":
        line(at, marks.ok, `${name}  ${color.dim(figures(data))}`);
        return;
      case "item.failed":
      case "step.failed":
        line(
          at,
          marks.fail,
          `${name}  ${problem(data)}${data["caught"] === true ? color.dim("  (caught by on_error)") : ""}`,
        );
        return;
      case "attempt.failed":
        if (typeof data["retry_in_ms"] !== "number") return;
        line(
          at,
          marks.retry,
          `${name}  attempt ${attempt ?? 1}: ${problem(data)}; again in ${formatElapsed(data["retry_in_ms"])}`,
        );
        return;
      case "step.waiting": {
        const isBatch = data["for"] === "batch";
        const place = isBatch ? printable(step ?? "") : name;
        const told = `${place}  ${printable(jsonText(data["message"]))}`;
        if (isBatch && batches.has(told)) return;
        if (isBatch) batches.add(told);
        line(at, marks.wait, told);
        return;
      }
      case "step.skipped":
        line(at, marks.skip, `${name}  ${color.dim(skipText(data["cause"]))}`);
        return;
      case "step.cancelled":
        line(at, marks.stop, name);
        return;
      case "cache.hit":
        line(at, marks.ok, `${name}  ${color.dim("from the cache")}`);
        return;
      case "cache.damaged":
        line(at, marks.note, `${name}  what the cache has for it is damaged: it is done again`);
        return;
      case "log":
        line(at, marks.note, printable(jsonText(data["message"])));
        return;
      case "session.spawned":
        line(at, marks.run, `${name}${data["label"] === undefined ? "" : `  ${printable(jsonText(data["label"]))}`}`);
        return;
      case "session.ended": {
        const mark = { succeeded: marks.ok, failed: marks.fail }[jsonText(data["status"])] ?? marks.stop;
        line(at, mark, `${name}${data["class"] === undefined ? "" : `  ${problem(data)}`}`);
        return;
      }
      case "tool.denied":
        line(at, marks.note, `${name}  may not use ${jsonText(data["tool"])}: ${printable(jsonText(data["reason"]))}`);
        return;
      case "model.substituted":
        line(at, marks.note, `${name}  asked ${jsonText(data["asked"])}, ${jsonText(data["answered"])} answered`);
        return;
      case "run.interrupted":
        // A unit ran alone, as it was asked to: nobody broke it off.
        if (data["retry"] !== undefined) return;
        line(at, marks.stop, "interrupted; the state is saved");
        return;
      default:
    }
  };
  return { onEvents: (events) => events.forEach(tell), say: write, hold: () => () => {}, close() {} };
}

function figures(data: { readonly [name: string]: Json }): string {
  const parts: string[] = [];
  if (typeof data["duration_ms"] === "number") parts.push(formatElapsed(data["duration_ms"]));
  const items = data["items"];
  if (isJsonObject(items)) parts.push(`${jsonText(items["succeeded"])}/${jsonText(items["total"])} items`);
  if (typeof data["tokens"] === "number" && data["tokens"] > 0) parts.push(`${formatTokens(data["tokens"])} tokens`);
  if ("cost_usd" in data) parts.push(formatUsd(data["cost_usd"] as number | null));
  return parts.join("  ");
}

/** A line: the end of the run has all of a longer message. */
function problem(data: { readonly [name: string]: Json }): string {
  const [first = "", ...more] = jsonText(data["message"]).split("\n");
  return printable(`${jsonText(data["class"])}: ${first}${more.length === 0 ? "" : " …"}`);
}
