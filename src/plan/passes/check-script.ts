import type { Pointer } from "../../manifest/pointer.ts";
import type { Piece, Problems } from "../problems.ts";

/** Names of the language before a dot or bracket: a value of ours and not, say, a Go template, whose names begin with a dot. */
const ROOT = /(?<![\w.$-])(?:inputs|steps|item|items|index|matrix|previous|env|run|event|output|secrets)(?=[.[])/u;

/** The loop variables also stand alone, wherever it is; `index` only all alone: with arguments it is a function of Go. */
const ALONE = /(?<![\w.$-])(?:items?|previous)(?![\w-])|^\{+[~\s]*index[~\s]*\}+$/u;

/** Helpers that read a file of the run or of the repository. */
const HELPER = /^\{+[~#\s]*(?:artifact|file)\s/u;

/** Quoted words in a tag are text. */
const QUOTED = /"[^"]*"|'[^']*'/gu;

/** One value of ours inside a text that is run as code: `{{ inputs.x }}`, `{{#each steps.a.output}}`, `${{ ... }}`. */
export interface Substitution extends Piece {
  /** As it is written. */
  readonly text: string;
}

/** All substitutions in a text. `{{.Names}}` and other people's templates are none. Linear in its length. */
export function substitutionsIn(text: string): Substitution[] {
  const found: Substitution[] = [];
  for (let at = text.indexOf("{{"); at !== -1;) {
    const isCel = text[at - 1] === "$";
    const close = text.indexOf("}}", at);
    if (close === -1) {
      if (isCel) found.push(substitution(text, at - 1, at + 2));
      break;
    }
    const end = !isCel && text[close + 2] === "}" ? close + 3 : close + 2;
    const tag = text.slice(at, end);
    if (isCel) found.push(substitution(text, at - 1, end));
    else if (isOurs(tag)) found.push(substitution(text, at, end));
    at = text.indexOf("{{", end);
  }
  return found;
}

/** Reports every value that would be put into a script (SEMANTICS: values go through `env` or `stdin`). */
export function checkScript(script: string, pointer: Pointer, problems: Problems): void {
  for (const { text, offset, length } of substitutionsIn(script)) {
    const path = pathIn(text);
    const name = variableFor(path);
    problems.error(pointer, {
      code: "WF8001",
      message: `${text} would become part of the shell text, where a value can be a command`,
      help: `pass it through the environment: \`env: { ${name}: "{{ ${path ?? "..."} }}" }\`, and write "$${name}" in the script`,
      piece: { offset, length },
    });
  }
}

/**
 * Programs that run an argument as code, with the flag before it. What comes after as further arguments is data:
 * `["sh", "-c", "echo \"$1\"", "sh", "{{ inputs.name }}"]` is fine.
 */
const INTERPRETER = /(?:^|\/)(?:sh|bash|zsh|dash|ksh|fish|python[\d.]*|node|deno|bun|perl|ruby|php)$/u;
const CODE_FLAG = /^(?:-[A-Za-z]*[cepr]|--eval|--print)$/u;

/** True for the argument of a program that is run as code. */
export function isCode(argv: readonly string[], index: number): boolean {
  return INTERPRETER.test(argv[0] ?? "") && CODE_FLAG.test(argv[index - 1] ?? "") && index > 1;
}

function isOurs(tag: string): boolean {
  const names = tag.replaceAll(QUOTED, '""');
  return ROOT.test(names) || ALONE.test(names) || HELPER.test(names);
}

function substitution(text: string, start: number, end: number): Substitution {
  return { text: text.slice(start, end), offset: start, length: end - start };
}

/** The first path of ours in a substitution: `{{#each steps.a.output}}` -> `steps.a.output`; null in a computed one. */
function pathIn(text: string): string | null {
  return (
    /(?<![\w.])(?:item|index|items|(?:inputs|steps|matrix|previous|env|run|event|output|secrets)\.)[\w.]*/u.exec(
      text,
    )?.[0] ?? null
  );
}

/** The name of a variable for a path: `inputs.site_name` -> `SITE_NAME`, `steps.draft.output` -> `DRAFT`. */
function variableFor(path: string | null): string {
  const words = path?.split(".") ?? [];
  const name = words[0] === "steps" ? words[1] : words.at(-1);
  return name === undefined || name === "" ? "VALUE" : name.toUpperCase();
}
