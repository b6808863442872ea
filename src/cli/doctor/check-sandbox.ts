import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { findCages } from "../../engine/process/cgroup.ts";
import { ok, warn, type Finding } from "./finding.ts";

/** What a sandbox needs: bubblewrap, and a kernel that lets it make one. */
export function checkSandbox(): readonly Finding[] {
  if (process.platform !== "linux")
    return [
      warn("sandbox", `bubblewrap runs on Linux only, not on ${process.platform}`, "run in a Linux container or VM"),
    ];
  const found = spawnSync("bwrap", ["--version"], { encoding: "utf8" });
  if (found.status !== 0) return [warn("sandbox", "bubblewrap is missing or does not run", installHelp())];
  // The least that a sandbox does: namespaces of its own around a program.
  const tried = spawnSync("bwrap", ["--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"], {
    encoding: "utf8",
    timeout: 5_000,
  });
  if (tried.status === 0) return [ok("sandbox", `${found.stdout.trim()}, and it can make one here`)];
  const said = tried.stderr.trim().split("\n", 1)[0] ?? "";
  return [warn("sandbox", `${found.stdout.trim()} cannot make one here: ${said}`, namespaceHelp())];
}

/** How commands of agents are held to `resources`. */
export function checkLimits(): readonly Finding[] {
  const cages = findCages(process.pid);
  if (cages !== null) return [ok("limits", `memory and processes of commands are held by ${cages.name}`)];
  const message =
    "no control group may be made here: memory and processes of commands are looked at ten times a second";
  const help =
    "run as root, or in a group that is delegated to you: systemd-run --user --scope -p Delegate=yes muster ...";
  return [warn("limits", message, process.platform === "linux" ? help : null)];
}

/** By what the system calls itself: https://www.freedesktop.org/software/systemd/man/latest/os-release.html */
function installHelp(): string {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const names = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]+)/gm)].flatMap(([, text = ""]) => text.split(" "));
  const commands: readonly (readonly [string, string])[] = [
    ["debian", "apt-get install bubblewrap"],
    ["ubuntu", "apt-get install bubblewrap"],
    ["fedora", "dnf install bubblewrap"],
    ["rhel", "dnf install bubblewrap"],
    ["arch", "pacman -S bubblewrap"],
    ["alpine", "apk add bubblewrap"],
    ["suse", "zypper install bubblewrap"],
  ];
  const [, command] = commands.find(([name]) => names.includes(name)) ?? [];
  return command === undefined ? "install the package 'bubblewrap'" : `install it, as root: ${command}`;
}

/** The switches that forbid user namespaces, those that are set. */
function namespaceHelp(): string {
  const switches: readonly (readonly [path: string, forbids: string, command: string])[] = [
    ["/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"],
    [
      "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
      "1",
      "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ],
    ["/proc/sys/user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"],
  ];
  const set = switches.filter(([path, forbids]) => existsSync(path) && readFileSync(path, "utf8").trim() === forbids);
  if (set.length > 0) return `allow user namespaces, as root: ${set.map(([, , command]) => command).join(" && ")}`;
  return "user namespaces are not allowed here: in a container, start it with --security-opt seccomp=unconfined or as privileged";
}
