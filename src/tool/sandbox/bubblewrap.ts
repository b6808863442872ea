import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { PreparedSandbox, ShutIn } from "./sandbox.ts";

/** Parts of /etc that programs need, and that tell nothing. */
const etc = [
  "alternatives",
  "ca-certificates",
  "group",
  "java",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "mime.types",
  "nsswitch.conf",
  "passwd",
  "pki",
  "protocols",
  "services",
  "ssl/certs",
  "ssl/openssl.cnf",
];

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Bubblewrap, if it is here and works; null = not (no program, or the system forbids name spaces to users). Programs in
 * it see: the system's programs, read only; the workspace; an empty /tmp and home; processes of their own only; no network.
 */
export function findBubblewrap(): PreparedSandbox | null {
  const version = spawnSync("bwrap", ["--version"], { encoding: "utf8", timeout: 10_000 });
  if (version.status !== 0) return null;
  const strict = hasOption("--disable-userns") ? ["--unshare-user", "--disable-userns"] : ["--unshare-user"];
  const tried = spawnSync("bwrap", [...shell(strict), "--", "/bin/sh", "-c", "exit 7"], { timeout: 10_000 });
  if (tried.status !== 7) return null;
  return {
    name: version.stdout.trim(),
    wrap: (program) => ({
      argv: ["bwrap", ...argumentsFor(program, strict)],
      // Not as arguments, which every user of the machine can read.
      env: { PATH, HOME: "/tmp/home", LANG: "C.UTF-8", ...program.env },
    }),
    tie: (argv) => [
      "bwrap",
      "--dev-bind",
      "/",
      "/",
      "--unshare-pid",
      "--proc",
      "/proc",
      "--die-with-parent",
      "--",
      ...argv,
    ],
  };
}

function hasOption(option: string): boolean {
  return spawnSync("bwrap", ["--help"], { encoding: "utf8", timeout: 10_000 }).stdout.includes(option);
}

const PRLIMIT = "/usr/bin/prlimit";

/**
 * What the kernel itself holds the programs to, set inside: processes are counted for the name space then, and not with
 * those that the user has elsewhere. The tree as a whole is watched by who starts it: the kernel does not count root's.
 */
function bounded(argv: readonly string[], memoryBytes: number, processes: number): readonly string[] {
  if (!existsSync(PRLIMIT)) return argv;
  // Somewhat more, so that whoever watches the tree sees that it wants too many, and ends it.
  return [PRLIMIT, `--data=${memoryBytes}`, `--nproc=${processes + 8}`, "--core=0", "--", ...argv];
}

/** The system without anything of its users. */
function shell(strict: readonly string[]): string[] {
  const options = [...strict, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"];
  options.push("--hostname", "sandbox", "--ro-bind", "/usr", "/usr");
  for (const path of ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink() === true) options.push("--symlink", readlinkSync(path), path);
    else if (found?.isDirectory() === true) options.push("--ro-bind", path, path);
  }
  for (const path of [...etc.map((name) => join("/etc", name)), "/nix/store", "/opt"])
    options.push("--ro-bind-try", path, path);
  return [...options, "--proc", "/proc", "--dev", "/dev"];
}

function argumentsFor({ argv, workspace, files, memoryBytes, processes }: ShutIn, strict: readonly string[]): string[] {
  const root = realpathSync(workspace);
  const size = ["--size", String(memoryBytes)];
  const options = [...shell(strict), ...size, "--tmpfs", "/tmp", ...size, "--tmpfs", "/dev/shm", "--dir", "/tmp/home"];
  if (files === "none") options.push("--dir", root);
  else options.push(files === "write" ? "--bind" : "--ro-bind", root, root);
  // What is in these decides what others run, or what a run knows.
  for (const name of [".git", ".muster"]) {
    const path = join(root, name);
    if (files === "none" || !existsSync(path)) continue;
    const isFolder = lstatSync(path).isDirectory();
    if (name === ".git") options.push("--ro-bind", path, path);
    else if (isFolder) options.push("--tmpfs", path, "--remount-ro", path);
  }
  // Nothing is written where nobody counts it.
  options.push("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", root, "--");
  return [...options, ...bounded(argv, memoryBytes, processes)];
}
