import { execFileSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Grant } from "../../../src/plan/permissions.ts";
import { asText, type JsonObject } from "../../../src/util/json.ts";
import { Desk, SECRET, worker, type DeskOptions } from "../../rig/tool/desk.ts";

/*
 * Ways out of the workspace, each tried twice: with the guard, where it must lead nowhere, and without it, where it must
 * succeed - else it would prove nothing. Without the guard: files by plain `fs`, commands outside of the sandbox,
 * addresses of every kind allowed.
 */

let server: Server;
let port = 0;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(200, { "content-type": "text/plain" }).end(SECRET);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});

afterAll(() => void server.close());

/** What an agent tries; `hasEscaped` looks at what it was told, and at the world. */
interface Escape {
  readonly name: string;
  readonly tool: string;
  readonly input: (desk: Desk) => JsonObject;
  readonly setup?: (desk: Desk) => void;
  readonly hasEscaped?: (desk: Desk, told: string) => boolean;
  /** With the guard; default: as `worker`, in a sandbox. */
  readonly guarded?: DeskOptions;
}

const tellsSecret = (_desk: Desk, told: string): boolean => told.includes(SECRET);
const changed = (path: string) => (desk: Desk) =>
  existsSync(join(desk.root, path)) && readFileSync(join(desk.root, path), "utf8").includes("owned");

const link = (target: (desk: Desk) => string, path: string) => (desk: Desk) => {
  mkdirSync(dirname(join(desk.workspace, path)), { recursive: true });
  symlinkSync(target(desk), join(desk.workspace, path));
};

const files: readonly Escape[] = [
  { name: "up by ..", tool: "read_file", input: () => ({ path: "../outside/secret.txt" }) },
  { name: "up by .. in the middle", tool: "read_file", input: () => ({ path: "a/../../outside/secret.txt" }) },
  { name: "an absolute path", tool: "read_file", input: (desk) => ({ path: join(desk.outside, "secret.txt") }) },
  {
    name: "a link to a file",
    tool: "read_file",
    setup: link((desk) => join(desk.outside, "secret.txt"), "notes.md"),
    input: () => ({ path: "notes.md" }),
  },
  {
    name: "a link to a folder",
    tool: "read_file",
    setup: link((desk) => desk.outside, "docs"),
    input: () => ({ path: "docs/secret.txt" }),
  },
  {
    name: "a relative link",
    tool: "read_file",
    setup: link(() => "../outside", "docs"),
    input: () => ({ path: "docs/secret.txt" }),
  },
  {
    name: "a link to a link",
    tool: "read_file",
    setup: (desk) => {
      link((each) => each.outside, "one")(desk);
      link(() => "one", "two")(desk);
    },
    input: () => ({ path: "two/secret.txt" }),
  },
  {
    name: "the process's own files by /proc",
    tool: "read_file",
    setup: link(() => "/proc/self", "me"),
    input: () => ({ path: "me/environ" }),
    hasEscaped: (_desk, told) => told.includes("PATH="),
  },
  {
    name: "what git keeps",
    tool: "read_file",
    setup: (desk) => desk.write(".git/config", SECRET),
    input: () => ({ path: ".git/config" }),
  },
  {
    name: "what git keeps, in other letters",
    tool: "read_file",
    setup: (desk) => desk.write(".Git/config", SECRET),
    input: () => ({ path: "./.Git//config" }),
  },
  {
    name: "the state of the project",
    tool: "read_file",
    setup: (desk) => desk.write(".muster/state.db", SECRET),
    input: () => ({ path: ".muster/state.db" }),
  },
  {
    name: "a program that git runs",
    tool: "write_file",
    setup: (desk) => desk.write(".git/HEAD", "ref"),
    input: () => ({ path: ".git/hooks/pre-commit", content: "owned" }),
    hasEscaped: changed("workspace/.git/hooks/pre-commit"),
  },
  {
    name: "a file outside, written by ..",
    tool: "write_file",
    input: () => ({ path: "../outside/new.txt", content: "owned" }),
    hasEscaped: changed("outside/new.txt"),
  },
  {
    name: "a file outside, written through a link",
    tool: "write_file",
    setup: link((desk) => join(desk.outside, "new.txt"), "new.txt"),
    input: () => ({ path: "new.txt", content: "owned" }),
    hasEscaped: changed("outside/new.txt"),
  },
  {
    name: "a file outside, written through a linked folder",
    tool: "write_file",
    setup: link((desk) => desk.outside, "out"),
    input: () => ({ path: "out/new.txt", content: "owned" }),
    hasEscaped: changed("outside/new.txt"),
  },
  {
    name: "a file that has another name outside, overwritten in place",
    tool: "edit_file",
    setup: (desk) => {
      writeFileSync(join(desk.outside, "shared.txt"), "before");
      linkSync(join(desk.outside, "shared.txt"), join(desk.workspace, "shared.txt"));
    },
    input: () => ({ path: "shared.txt", old: "before", new: "owned" }),
    hasEscaped: changed("outside/shared.txt"),
  },
  {
    name: "a list of what is outside",
    tool: "list_files",
    setup: link((desk) => desk.outside, "docs"),
    input: () => ({ path: "docs" }),
    hasEscaped: (_desk, told) => told.includes("secret.txt"),
  },
  {
    name: "a search in what is outside",
    tool: "search_files",
    setup: link((desk) => desk.outside, "docs"),
    input: () => ({ path: "docs/secret.txt", query: "secret" }),
  },
  {
    name: "a file without the permission to write",
    tool: "write_file",
    guarded: { grant: { ...worker, files: "read" } },
    input: () => ({ path: "new.txt", content: "owned" }),
    hasEscaped: changed("workspace/new.txt"),
  },
];

const script = (name: string, command: (desk: Desk) => string, more: Partial<Escape> = {}): Escape => ({
  name,
  tool: "shell",
  input: (desk) => ({ command: command(desk), timeout: 20 }),
  ...more,
});

const commands: readonly Escape[] = [
  script("a file outside", (desk) => `cat ${desk.outside}/secret.txt`),
  script("a file outside, by ..", () => "cat ../outside/secret.txt"),
  script("a link that it makes", (desk) => `ln -s ${desk.outside} l && cat l/secret.txt`),
  script("a hard link", (desk) => `ln ${desk.outside}/secret.txt h && cat h`),
  script("a file outside, written", (desk) => `echo owned > ${desk.outside}/new.txt`, {
    hasEscaped: changed("outside/new.txt"),
  }),
  script(
    "a folder outside, found by its root",
    (desk) => `find / -path '${desk.outside}/*' -exec cat {} + 2>/dev/null`,
  ),
  script("the environment of whoever started it", () => "tr '\\0' '\\n' < /proc/$PPID/environ; env", {
    hasEscaped: (_desk, told) => told.includes(SECRET),
    guarded: { environment: { PATH: process.env["PATH"] ?? "", HOUSE_KEY: SECRET } },
  }),
  script("the processes of the machine", () => "cat /proc/[0-9]*/cmdline | tr '\\0' ' '", {
    hasEscaped: (_desk, told) => told.includes("vitest"),
  }),
  script(
    "a root of another process",
    () => `cat /proc/${process.pid}/root${"/".repeat(2)}etc/hostname && echo ${SECRET}`,
  ),
  script("a signal to another process", () => `kill -0 ${process.pid} && echo ${SECRET}`),
  script("a server on this machine", () => `curl -s -m 5 http://127.0.0.1:${port}/shell`),
  script("a hook of git", () => "mkdir -p .git/hooks && echo owned > .git/hooks/pre-commit", {
    setup: (desk) => desk.write(".git/HEAD", "ref"),
    hasEscaped: changed("workspace/.git/hooks/pre-commit"),
  }),
  script("the state of the project", () => "cat .muster/state.db", {
    setup: (desk) => desk.write(".muster/state.db", SECRET),
  }),
  script(
    "the folder that is bound, taken away and put elsewhere",
    (desk) => `cd / && cat ${desk.root}/outside/secret.txt`,
  ),
  script("a name space of its own", () => `unshare -Ur sh -c 'echo ${SECRET}'`),
  script(
    "mounts of its own in a name space within",
    (desk) => `unshare -Urm sh -c 'mount -t tmpfs none ${desk.workspace}/m && echo ${SECRET}'`,
    { setup: (desk) => desk.write("m/empty", "") },
  ),
  script("a sandbox within, of its own making", () => `bwrap --ro-bind / / --proc /proc -- echo ${SECRET}`),
  script(
    "a helper that stays: out of its group, without parent and environment",
    () => `(env -i setsid sleep 34${process.pid} >/dev/null 2>&1 &)`,
    { hasEscaped: () => endAll(`sleep 34${process.pid}`) > 0 },
  ),
  script("a start file of the user's shell", (desk) => `HOME=${desk.outside}; echo owned > "$HOME/.profile"`, {
    hasEscaped: changed("outside/.profile"),
  }),
  script("a file of the workspace without the permission to write", () => "echo owned > new.txt", {
    guarded: { grant: { ...worker, files: "read" } },
    hasEscaped: changed("workspace/new.txt"),
  }),
  script("a script where only programs are allowed", () => `true; echo ${SECRET}`, {
    guarded: { grant: { ...worker, shell: ["git"] } },
  }),
  script("another program than those allowed", () => `printf ${SECRET}`, {
    guarded: { grant: { ...worker, shell: ["git"] } },
  }),
];

const network: readonly Grant["network"][number][] = [{ host: "*", isPrivate: false }];
const web: readonly Escape[] = [
  ["this machine by its number", () => `http://127.0.0.1:${port}/a`],
  ["this machine by its name", () => `http://localhost:${port}/b`],
  ["this machine as one number", () => `http://2130706433:${port}/c`],
  ["this machine in hexadecimal", () => `http://0x7f000001:${port}/d`],
  ["this machine, the short way", () => `http://127.1:${port}/e`],
  ["this machine in IPv6", () => `http://[::ffff:127.0.0.1]:${port}/f`],
  ["a name that leads to this machine", () => `http://rebound.example:${port}/g`],
].map(([name, url]) => ({
  name: name as string,
  tool: "web_fetch",
  input: () => ({ url: (url as () => string)() }),
  guarded: { grant: { ...worker, network } },
}));

/** Ends the programs that have this in their command lines; how many there were. */
function endAll(mark: string): number {
  const lines = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  const pids = lines.filter((line) => line.includes(mark)).map((line) => Number.parseInt(line.trim(), 10));
  for (const pid of pids) process.kill(pid, "SIGKILL");
  return pids.length;
}

/** Files as somebody who thinks of nothing would read them. */
function naive(desk: Desk, tool: string, input: JsonObject): string {
  const path = join(desk.workspace, asText(input["path"] ?? null));
  const real = asText(input["path"] ?? null).startsWith("/") ? asText(input["path"] ?? null) : path;
  switch (tool) {
    case "read_file":
    case "search_files":
      return readFileSync(real, "utf8");
    case "list_files":
      return JSON.stringify(existsSync(real) ? readdirSync(real) : []);
    case "edit_file":
      writeFileSync(
        real,
        readFileSync(real, "utf8").replace(asText(input["old"] ?? null), asText(input["new"] ?? null)),
      );
      return "";
    default:
      mkdirSync(dirname(real), { recursive: true });
      writeFileSync(real, asText(input["content"] ?? null));
      return "";
  }
}

async function attempt(escape: Escape, isGuarded: boolean): Promise<boolean> {
  const desk = new Desk();
  try {
    escape.setup?.(desk);
    const input = escape.input(desk);
    const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
    const told = isGuarded
      ? (await desk.agent({ resolve, ...escape.guarded })(escape.tool, input)).text
      : await unguarded(desk, escape, input);
    return (escape.hasEscaped ?? tellsSecret)(desk, told);
  } finally {
    desk.close();
  }
}

async function unguarded(desk: Desk, { tool, guarded }: Escape, input: JsonObject): Promise<string> {
  if (tool !== "shell" && tool !== "web_fetch") return naive(desk, tool, input);
  const grant: Grant = { ...worker, network: [{ host: "*", isPrivate: true }] };
  const environment = guarded?.environment === undefined ? {} : { environment: guarded.environment };
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  return (await desk.agent({ grant, sandbox: "off", cages: () => null, resolve, ...environment })(tool, input)).text;
}

describe.each([
  ["tools for files", files],
  ["commands", commands],
  ["pages", web],
])("%s", (_what, escapes) => {
  it.each(escapes.map((escape) => [escape.name, escape] as const))("lead nowhere: %s", async (_name, escape) => {
    expect([await attempt(escape, true), await attempt(escape, false)]).toEqual([false, true]);
  });
});
