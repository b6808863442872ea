import type { Dirent } from "node:fs";
import { refusalOf } from "../../plan/permissions.ts";
import { sha256 } from "../../util/digest.ts";
import type { JsonObject } from "../../util/json.ts";
import { compilePattern } from "../../util/pattern.ts";
import { bounded, denied, refused, type Tool, type ToolContext, type ToolOutcome } from "../tool.ts";
import { toolOf, type Arguments } from "../spec.ts";
import { FileProblem, Folder, partsOf } from "./folder.ts";

/** So much is looked through by one call. */
const MOST_ENTRIES = 5_000;
const MOST_MATCHES = 200;
const LONGEST_LINE = 400;
/** A pattern looks at so much of a line. */
const LONGEST_SEARCHED = 4096;
/** Folders whose files are only looked at when they are named. */
const skipped: ReadonlySet<string> = new Set(["node_modules"]);

type Does = (folder: Folder, input: Arguments, context: ToolContext) => ToolOutcome;

/** Tools for the files of the workspace. */
export function createFileTools(): readonly Tool[] {
  const path = { type: "string", description: "Relative to the workspace, with /." };
  return [
    fileTool("read_file", "Reads a text file.", { path }, ["path"], readFile),
    fileTool(
      "write_file",
      "Writes a whole text file; makes it, and its folders, where there is none. A file that exists must have been read before.",
      { path, content: { type: "string", description: "The whole new content." } },
      ["path", "content"],
      writeFile,
    ),
    fileTool(
      "edit_file",
      "Replaces one passage of a text file. `old` must stand in it exactly once.",
      {
        path,
        old: { type: "string", description: "The passage as it stands, with enough around it to be found once." },
        new: { type: "string", description: "What stands there afterwards." },
      },
      ["path", "old", "new"],
      editFile,
    ),
    fileTool(
      "list_files",
      "Lists what is in a folder; folders end with /.",
      {
        path: { ...path, description: "The folder; the workspace itself where it is left out." },
        recursive: { type: "boolean", description: "Also what is in its folders." },
      },
      [],
      listFiles,
    ),
    fileTool(
      "search_files",
      "Finds the lines of text files that hold a text; answers PATH:LINE: TEXT.",
      {
        query: { type: "string", description: "The text, as it stands." },
        path: { ...path, description: "A folder or file; the whole workspace where it is left out." },
        regex: { type: "boolean", description: "`query` is a regular expression (RE2)." },
      },
      ["query"],
      searchFiles,
    ),
  ];
}

function fileTool(
  name: "read_file" | "write_file" | "edit_file" | "list_files" | "search_files",
  description: string,
  properties: JsonObject,
  required: readonly string[],
  does: Does,
): Tool {
  const mode = name === "write_file" || name === "edit_file" ? "write" : "read";
  return toolOf(name, description, properties, required, async (input, context) => {
    const reason = refusalOf(context.grant, { kind: "files", mode });
    if (reason !== null) return denied(reason);
    try {
      return does(new Folder(context.workspace), input, context);
    } catch (error) {
      if (error instanceof FileProblem) return refused(error.message);
      throw error;
    }
  });
}

const readFile: Does = (folder, input, { longestText }) => {
  const path = nameOf(input.text("path"));
  const file = folder.read(path);
  const text = textOf(file.content, path);
  const cut = bounded(text, longestText, "search_files finds passages in it");
  return { text: cut === "" ? "[the file is empty]" : cut, seen: { path, sha256: file.sha256 } };
};

const writeFile: Does = (folder, input, { seen }) => {
  const [path, content] = [nameOf(input.text("path")), input.text("content")];
  const digest = sha256(content);
  const written = { path, sha256: digest };
  const known = seen.get(path) ?? null;
  if (folder.replace(path, content, known)) return { text: `wrote ${Buffer.byteLength(content)} bytes`, seen: written };
  const now = folder.read(path).sha256;
  // Done before, by a call whose end was not recorded.
  if (now === digest) return { text: "it says just that already", seen: written };
  return refused(
    known === null
      ? `'${path}' exists and has not been read in this conversation: read it first, so that nothing is lost`
      : `'${path}' has changed since it was read: read it again`,
  );
};

const editFile: Does = (folder, input, { seen }) => {
  const [path, old, text] = [nameOf(input.text("path")), input.text("old"), input.text("new")];
  const file = folder.read(path);
  const known = seen.get(path) ?? file.sha256;
  if (known !== file.sha256) return refused(`'${path}' has changed since it was read: read it again`);
  const before = textOf(file.content, path);
  const at = old === "" ? -1 : before.indexOf(old);
  if (at < 0) return refused(`the passage does not stand in '${path}'`);
  if (before.includes(old, at + 1)) return refused(`the passage stands in '${path}' more than once: give more of it`);
  const after = before.slice(0, at) + text + before.slice(at + old.length);
  if (!folder.replace(path, after, file.sha256)) return refused(`'${path}' changes right now: read it again`);
  return { text: "done", seen: { path, sha256: sha256(after) } };
};

const listFiles: Does = (folder, input, { longestText }) => {
  const lines: string[] = [];
  const start = nameOf(input.text("path", "."));
  for (const { path, entry } of walk(folder, start, input.flag("recursive"))) {
    lines.push(entry.isDirectory() ? `${path}/` : entry.isSymbolicLink() ? `${path} (a link, not followed)` : path);
    if (lines.length > MOST_ENTRIES) break;
  }
  if (lines.length === 0) return { text: "[nothing is there]" };
  return { text: bounded(lines.join("\n"), longestText, "list one of the folders") };
};

const searchFiles: Does = (folder, input, { longestText, signal }) => {
  const [query, start] = [input.text("query"), nameOf(input.text("path", "."))];
  const finds = finderOf(query, input.flag("regex"));
  const lines: string[] = [];
  let looked = 0;
  for (const path of filesIn(folder, start)) {
    if (signal.aborted || lines.length > MOST_MATCHES || (looked += 1) > MOST_ENTRIES) break;
    const text = textIn(folder, path);
    if (text === null) continue;
    for (const [index, line] of text.split("\n").entries())
      if (finds(line)) lines.push(`${path}:${index + 1}: ${line.trim().slice(0, LONGEST_LINE)}`);
  }
  if (lines.length === 0) return { text: "[no line holds it]" };
  const isAll = lines.length <= MOST_MATCHES && looked <= MOST_ENTRIES;
  const all = isAll ? lines : [...lines.slice(0, MOST_MATCHES), "[there is more: search for less]"];
  return { text: bounded(all.join("\n"), longestText, "search for less") };
};

function finderOf(query: string, isRegex: boolean): (line: string) => boolean {
  if (query === "") throw new FileProblem("`query` is empty");
  if (!isRegex) return (line) => line.includes(query);
  const pattern = compilePattern(query);
  if (!pattern.ok) throw new FileProblem(`\`query\` is no regular expression: ${pattern.error}`);
  return (line) => pattern.value.test(line.slice(0, LONGEST_SEARCHED));
}

function* filesIn(folder: Folder, start: string): Iterable<string> {
  let isFolder = true;
  try {
    folder.list(start);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    isFolder = false;
  }
  if (!isFolder) return void (yield start);
  for (const { path, entry } of walk(folder, start, true)) if (entry.isFile()) yield path;
}

function* walk(
  folder: Folder,
  start: string,
  isDeep: boolean,
): Generator<{ readonly path: string; readonly entry: Dirent }> {
  for (const entry of folder.list(start)) {
    const path = start === "." ? entry.name : `${start}/${entry.name}`;
    yield { path, entry };
    if (isDeep && entry.isDirectory() && !skipped.has(entry.name)) yield* walk(folder, path, true);
  }
}

function textIn(folder: Folder, path: string): string | null {
  try {
    return textOf(folder.read(path).content, path);
  } catch (error) {
    if (error instanceof FileProblem) return null;
    throw error;
  }
}

/** One spelling for each file: what was seen of `./a` was seen of `a`. */
function nameOf(path: string): string {
  return partsOf(path).join("/") || ".";
}

function textOf(content: Buffer, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new FileProblem(`'${path}' is no text in UTF-8`);
  }
}
