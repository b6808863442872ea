import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findCages } from "../../../../src/engine/process/cgroup.ts";
import { Desk } from "../../../rig/tool/desk.ts";

const cages = findCages(process.pid);
if (cages === null) process.stderr.write("skipped: limits by control groups (none may be made here)\n");

let desk: Desk;
beforeEach(() => void (desk = new Desk()));
afterEach(() => desk.close());

/** Starts itself twice, for ever. */
const forkBomb = "bomb() { bomb | bomb & }; bomb; sleep 30";
/** The same by a bounded number of processes, for where nobody but a look at them holds them. */
const manyProcesses = "i=0; while [ $i -lt 150 ]; do sleep 30 & i=$((i+1)); done; wait";

describe.skipIf(cages === null)("control groups", () => {
  it("end a fork bomb in the sandbox, whoever started it", async () => {
    const call = desk.agent({ resources: { processes: 20 } });
    const bombed = await call("shell", { command: forkBomb, timeout: 20 });
    expect(bombed).toMatchObject({ isError: true, text: expect.stringContaining("ended: more than 20 processes") });
    // The next command has the machine for itself.
    expect((await call("shell", { command: "echo calm" })).text).toContain("calm");
  });

  it("end one outside of the sandbox, too, and what has left its tree", async () => {
    const call = desk.agent({ sandbox: "off", resources: { processes: 20 } });
    const bombed = await call("shell", { command: forkBomb, timeout: 20 });
    expect(bombed.text).toContain("ended: more than 20 processes");
    // Leaves its group, its parent and its environment: only the control group knows it.
    const mark = `33${process.pid}`;
    await call("shell", { command: `(env -i setsid sleep ${mark} >/dev/null 2>&1 &) ; echo $$ > pid` });
    const { text } = await call("shell", { command: `ps -eo args | grep "[s]leep ${mark}" | wc -l` });
    expect(text).toContain("stdout:\n0\n");
  });

  it("end what takes more memory than it may, as a whole tree", async () => {
    const eat = "head -c 60000000 /dev/zero | tail | sleep 1";
    const call = desk.agent({ resources: { memoryBytes: 100 * 1024 ** 2 } });
    const eaten = await call("shell", { command: `(${eat}) & (${eat}) & (${eat}) & wait` });
    expect(eaten).toMatchObject({ isError: true, text: expect.stringContaining("ended: more than 100 MiB of memory") });
  });

  it("leave nothing behind", async () => {
    const cage = cages?.make({ memoryBytes: 64 * 1024 ** 2, processes: 4 });
    const folders = (cage?.enter(["true"]) ?? []).filter((part) => part.startsWith("/sys/"));
    expect(folders.map((folder) => existsSync(folder))).toEqual(folders.map(() => true));
    await cage?.close();
    expect(folders.map((folder) => existsSync(folder))).toEqual(folders.map(() => false));
  });
});

describe("without control groups", () => {
  it("a look at the tree ends what starts too many processes", async () => {
    const call = desk.agent({ cages: () => null, resources: { processes: 20 } });
    const many = await call("shell", { command: manyProcesses, timeout: 20 });
    expect(many).toMatchObject({ isError: true, text: expect.stringContaining("ended: more than 20 processes") });
  });
});
