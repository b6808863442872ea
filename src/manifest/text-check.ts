import { formatDuration, parseDuration } from "../util/duration.ts";
import { compilePattern } from "../util/pattern.ts";
import { parseRate } from "../util/rate.ts";
import { parseSize } from "../util/size.ts";
import { nearestName, quote } from "./describe.ts";
import type { SchemaObject } from "./schema-node.ts";
import type { Walk } from "./walk.ts";

/** Checks a text, or the key of a map, against the form that its schema gives. */
export function checkText(walk: Walk, schema: SchemaObject, text: string, part: "key" | "value" = "value"): void {
  const later = schema["x-later-pattern"];
  if (later !== undefined && walk.index.pattern(later).test(text)) {
    walk.report("WF2007", `${quote(text)} as ${walk.label} is not in this version yet`, {
      part,
      help: text.trimStart().startsWith("${{")
        ? "name one that is declared in this file"
        : `use ${schema["x-says"] ?? "another"}`,
    });
    return;
  }
  if (schema["x-text"] === "regex") return checkRegex(walk, text, part);
  if (fits(walk, schema, text)) return;
  const form = schema["x-says"] ?? "another text";
  const shown = schema["x-sensitive"] ? "" : `, not ${quote(text)}`;
  const message =
    part === "key" ? `the name ${quote(text)} is not allowed: use ${form}` : `${walk.label} must be ${form}${shown}`;
  walk.report(schema["x-text"] === "name" ? "WF2010" : "WF2006", message, {
    part,
    help: formHelp(walk, schema, text),
  });
}

function fits(walk: Walk, schema: SchemaObject, text: string): boolean {
  if (schema["x-text"] === "duration" && parseDuration(text) === null) return false;
  if (schema["x-text"] === "size" && parseSize(text) === null) return false;
  return schema.pattern === undefined || walk.index.pattern(schema.pattern).test(text);
}

function formHelp(walk: Walk, schema: SchemaObject, text: string): string | null {
  if (text.startsWith("${{") && !schema["x-sensitive"])
    return "this is read before the run, so no expression is possible here";
  switch (schema["x-text"]) {
    case "name": {
      const near = nearestName(text, walk.index.pattern(schema.pattern as string));
      return near === null ? null : `for example '${near}'`;
    }
    case "duration":
      return durationHelp(text);
    case "rate":
      return rateHelp(text);
    case "bucket":
      return bucketHelp(text);
    case "manifest-path":
      return pathHelp(text);
    case "list-expression": {
      const path = /^\s*(?:\{\{)?\s*([a-z_][\w.]*)\s*(?:\}\})?\s*$/i.exec(text)?.[1];
      return path === undefined ? null : `write \${{ ${path} }}, or [${path}] for a list of one`;
    }
    default:
      return null;
  }
}

/** What was meant by a path of a workflow that is neither a file's nor that of a file at a commit. */
function pathHelp(text: string): string | null {
  if (/^[\w-][\w./-]*\.ya?ml$/.test(text)) return `write ./${text}`;
  const remote = /^(?:https?:\/\/github\.com\/)?([\w-][\w.-]*\/[\w.-]+)(\/[^@]*)?@(.*)$/.exec(text);
  if (remote === null) return null;
  const [, repository = "", path = "", commit = ""] = remote;
  if (/^[0-9a-f]{40}$/i.test(commit)) {
    if (path.length < 2) return `name the workflow in it: ${repository}/PATH@${commit.toLowerCase()}`;
    return "write owner/repo/path@SHA, all 40 digits in lower case, without an address before it, and no `..` in the path";
  }
  const isName = /^[\w./-]{1,100}$/.test(commit) && !/^[0-9a-f]+$/.test(commit);
  const shown = isName ? ` ${commit}` : "";
  return `a tag, a branch or a short commit can come to mean other content: write the 40 hex digits of the commit (git ls-remote https://github.com/${repository}${shown})`;
}

const unitsMs: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `10 minutes` is `10m`, `1.5h` is `1h30m`; a number alone wants its unit. */
export function durationHelp(text: string): string | null {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(text.trim());
  if (!match) return null;
  const [, number = "", word = ""] = match;
  if (word === "") return `say of what: ${number}s are seconds, ${number}m minutes, ${number}h hours`;
  const start = word.toLowerCase();
  const unit = /^(?:ms|milli)/.test(start) ? "ms" : start.charAt(0);
  const ms = Math.round(Number(number) * (unitsMs[unit] ?? 0));
  const written = Number.isInteger(Number(number)) ? number + unit : formatDuration(ms);
  return ms > 0 && parseDuration(written) !== null ? `write ${written}` : null;
}

/** `10 per minute` is `10/m`. */
function rateHelp(text: string): string | null {
  const match = /^(\d+) *([kM]?) *(?:\/|per|a|an|each)? *([a-z]+)$/i.exec(text.trim());
  const written =
    match === null ? "" : `${Number(match[1])}${match[2] ?? ""}/${(match[3] ?? "").charAt(0).toLowerCase()}`;
  return parseRate(written) === null ? null : `write ${written}`;
}

/** `10` wants its time. */
export function numberRateHelp(number: number): string | null {
  const written = [`${number}/s`, `${number}/m`, `${number}/h`];
  if (written.some((rate) => parseRate(rate) === null)) return null;
  return `say in what time: ${written[0]} is in a second, ${written[1]} in a minute, ${written[2]} in an hour`;
}

/** Why an address of a bucket is none; null where the form is wrong as a whole. */
function bucketHelp(text: string): string | null {
  const bucket = /^s3:\/\/([^/]*)/.exec(text)?.[1];
  if (bucket === undefined) return null;
  if (bucket.length < 3 || bucket.length > 63)
    return `the name of a bucket has 3 to 63 characters, and '${bucket}' has ${bucket.length}`;
  if (!/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(bucket))
    return "the name of a bucket has small letters, digits, `.` and `-`, and begins and ends with a letter or digit";
  return "a prefix has letters, digits and any of `! _ . * ' ( ) -`";
}

function checkRegex(walk: Walk, text: string, part: "key" | "value"): void {
  const pattern = compilePattern(text);
  if (!pattern.ok) walk.report("WF2012", `${walk.label} is not a regular expression: ${pattern.error}`, { part });
}
