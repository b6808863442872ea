import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Desk, worker } from "../../rig/tool/desk.ts";

let desk: Desk;
beforeEach(() => void (desk = new Desk()));
afterEach(() => desk.close());

/** How many processes have this text in their command line. */
function running(mark: string): number {
  const table = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  return table.split("\n").filter((line) => line.includes(mark) && !line.includes("bwrap")).length;
}

describe("commands in a sandbox", () => {
  it("tell output and exit code, and change the workspace", async () => {
    const { text } = await desk.agent()("shell", { command: "echo out; echo err >&2; pwd > where; exit 3" });
    expect(text).toBe("exit code 3\nstdout:\nout\n\nstderr:\nerr\n");
    expect(desk.read("where").trim()).toBe(desk.workspace);
  });

  it("leave nothing running, whatever they put into the background", async () => {
    const mark = `31${process.pid}`;
    await desk.agent()("shell", { command: `sleep ${mark} & setsid nohup sleep ${mark} >/dev/null 2>&1 & exit 0` });
    expect(running(`sleep ${mark}`)).toBe(0);
  });

  it("are ended with all that they started when their time is over", async () => {
    const mark = `32${process.pid}`;
    const { text, isError } = await desk.agent()("shell", {
      command: `setsid sleep ${mark} & sleep ${mark}`,
      timeout: 1,
    });
    expect([text, isError]).toEqual(["ended after 1 seconds", true]);
    expect(running(`sleep ${mark}`)).toBe(0);
  });

  it("have so much memory, and so much in /tmp", async () => {
    const call = desk.agent({ resources: { memoryBytes: 64 * 1024 ** 2 } });
    const eaten = await call("shell", { command: "head -c 200000000 /dev/zero | tail | wc -c" });
    expect(eaten.text).not.toContain("200000000");
    const filled = await call("shell", { command: "head -c 200000000 /dev/zero > /tmp/x; stat -c %s /tmp/x" });
    // Files in /tmp are memory: a control group ends who fills it.
    expect(filled.text).toMatch(/ended: more than 64 MiB of memory|67108864/);
    expect(filled.text).not.toContain("200000000");
  });

  it("have so much processor time, and so many processes", async () => {
    const busy = await desk.agent({ resources: { cpuMs: 500 } })("shell", { command: "while :; do :; done" });
    expect(busy).toMatchObject({ isError: true, text: "ended: more than 0.5s of processor time" });
    const command = "for i in 1 2 3 4 5 6 7 8 9; do sleep 30 & done; wait";
    const many = await desk.agent({ resources: { processes: 6 } })("shell", { command });
    // Root's are not counted by the kernel, so the watch ends them.
    expect(many.text).toMatch(/ended: more than 6 processes|Cannot fork|Resource temporarily unavailable/);
  });

  it("print so much", async () => {
    const { text } = await desk.agent({ longestText: 1000 })("shell", { command: "yes | head -c 100000" });
    expect(Buffer.byteLength(text)).toBeLessThan(1100);
    expect(text).toContain("[cut here");
  });

  it("start only what is allowed; plain words need no shell", async () => {
    const call = desk.agent({ grant: { ...worker, shell: ["echo"] } });
    expect((await call("shell", { command: "echo a b" })).text).toContain("a b");
    expect((await call("shell", { command: ["echo", "$(id)"] })).text).toContain("$(id)");
    expect(await call("shell", { command: "echo $(id)" })).toMatchObject({ isError: true, denied: expect.any(String) });
    expect(await call("shell", { command: "sh -c id" })).toMatchObject({ denied: expect.any(String) });
  });

  it("do not run without a sandbox where one is required", async () => {
    const bare = new Desk(() => null);
    try {
      expect(await bare.agent()("shell", { command: "touch x" })).toMatchObject({ denied: expect.any(String) });
      expect(bare.has("x")).toBe(false);
      const off = await bare.agent({ sandbox: "prefer" })("shell", { command: "touch x" });
      expect(off.warning).toBe("ran without a sandbox: sh -c touch x");
      expect(bare.has("x")).toBe(true);
    } finally {
      bare.close();
    }
  });
});
