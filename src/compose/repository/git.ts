import { spawnSync } from "node:child_process";
import { err, ok, type Result } from "../../util/result.ts";
import type { Environment } from "../environment.ts";
import { providerKeys } from "../provider-keys.ts";

/** How long one call of git may take: a fetch of a large repository over a slow line. Milliseconds. */
const LONGEST_MS = 5 * 60_000;

/** What a call of git takes beside its arguments. */
export interface GitCall {
  readonly env: Environment;
  /** Over the environment, e.g. GIT_OBJECT_DIRECTORY. */
  readonly set?: { readonly [name: string]: string };
  /** Bytes of output that are taken. Default 1 MiB. */
  readonly mostBytes?: number;
}

/** Nothing of a repository is carried out, and nobody is asked: settings over those of the user. */
const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.askPass=",
  "credential.interactive=false",
  "fetch.recurseSubmodules=false",
  "fetch.unpackLimit=1",
  "fetch.writeCommitGraph=false",
  "gc.auto=0",
  "maintenance.auto=false",
].flatMap((setting) => ["-c", setting]);

/** Variables by which a caller of muster (a hook, say) names a repository of its own. */
const repositoryVariables = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_COMMON_DIR",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_NAMESPACE",
  "GIT_SHALLOW_FILE",
  "GIT_TEMPLATE_DIR",
];

/** Runs the user's git and waits for it; the error is what it said, without keys that stand in addresses. */
export function git(args: readonly string[], call: GitCall): Result<Buffer, string> {
  const done = spawnSync("git", [...settings, ...args], {
    env: environmentOf(call),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LONGEST_MS,
    maxBuffer: call.mostBytes ?? 1024 * 1024,
  });
  if (done.error !== undefined) {
    const { code, message } = done.error as NodeJS.ErrnoException;
    if (code === "ENOENT") return err("git is not installed, or not in PATH");
    return err(code === "ETIMEDOUT" ? `git did not end within ${LONGEST_MS / 60_000} minutes` : `git: ${message}`);
  }
  return done.status === 0 ? ok(done.stdout) : err(saidBy(done.stderr.toString("utf8")));
}

function environmentOf({ env, set = {} }: GitCall): { [name: string]: string } {
  const hidden = new Set<string>([...repositoryVariables, ...providerKeys]);
  const inherited = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !hidden.has(entry[0]),
  );
  return {
    ...Object.fromEntries(inherited),
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "",
    SSH_ASKPASS: "",
    SSH_ASKPASS_REQUIRE: "never",
    GCM_INTERACTIVE: "never",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_OPTIONAL_LOCKS: "0",
    LC_ALL: "C",
    ...set,
  };
}

/** The lines that say why; at most three. */
function saidBy(stderr: string): string {
  const lines = stderr
    .replaceAll(/(\w+:\/\/)[^@/\s]*@/g, "$1***@")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const fatal = lines.filter((line) => /^(?:fatal|error|remote):/.test(line));
  const told = (fatal.length > 0 ? fatal : lines).slice(0, 3).map((line) => line.replace(/^(?:fatal|error): /, ""));
  return told.join("; ") || "git failed without a word";
}
