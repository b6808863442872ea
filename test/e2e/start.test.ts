import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { version } from "../../src/util/version.ts";

// The built command, alone in a folder: no library is in reach, so whatever works here loads none.
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-start-"));
  cpSync("dist", join(folder, "dist"), { recursive: true });
  cpSync("package.json", join(folder, "package.json"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function muster(nodeArguments: readonly string[], ...args: string[]) {
  const command = [...nodeArguments, join(folder, "dist/cli/main.js"), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  return { status, stdout, stderr };
}

/** Makes Node say that it is another version. */
const pretend = (nodeVersion: string): string[] => [
  "--import",
  `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${nodeVersion}"})`,
];

it.each(["--version", "-V"])("%s prints the version and loads no library", (flag) => {
  expect(muster([], flag)).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
});

it.each(["18.20.8", "20.20.2", "22.12.0"])("on Node %s it says what it needs, in one line, and exits 2", (old) => {
  expect(muster(pretend(old), "run", "workflow.yaml")).toEqual({
    status: 2,
    stdout: "",
    stderr: `muster needs Node.js 22.13 or newer, this is ${old} (${process.execPath}); get one from https://nodejs.org\n`,
  });
});

it.each(["22.13.0", "24.0.0"])("Node %s is new enough", (current) => {
  expect(muster(pretend(current), "--version").status).toBe(0);
});

it("keeps what Node compiled beside the code, else in the user's cache, else not at all", () => {
  const main = join(folder, "dist/cli/main.js");
  const workflow = join(folder, "workflow.yaml");
  writeFileSync(workflow, "muster: 1\nname: start\nsteps: { one: { value: 1 } }\n");
  const validate = (userCache: string): void => {
    const env = { ...process.env, XDG_CACHE_HOME: userCache };
    const { status, stderr } = spawnSync(process.execPath, [main, "validate", workflow], { encoding: "utf8", env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "1 workflow valid\n" });
  };
  const userCache = join(folder, "user-cache");
  const own = join(folder, ".cache");
  validate(userCache);
  expect(readdirSync(own)).not.toEqual([]);

  rmSync(own, { recursive: true });
  writeFileSync(own, "in the way");
  validate(userCache);
  expect(readdirSync(join(userCache, "agentmuster"))).not.toEqual([]);

  validate(own);
  rmSync(own);
});
