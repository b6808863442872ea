import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { processObserver } from "../../../src/store/process-observer.ts";
import { systemClock } from "../../../src/util/clock.ts";

const observer = processObserver({
  host: "here",
  clock: systemClock,
  probe: (pid, signal) => process.kill(pid, signal),
});

function refusing(code: string) {
  return processObserver({
    host: "here",
    clock: systemClock,
    probe() {
      throw Object.assign(new Error(code), { code });
    },
  });
}

describe("the process observer", () => {
  it("tells the host and the time of its clock", () => {
    const fixed = processObserver({ host: "here", clock: { ...systemClock, now: () => 42 }, probe: () => true });
    expect([fixed.host, fixed.now]).toEqual(["here", 42]);
  });

  it("takes a process for gone only when the system says that there is none", () => {
    expect(refusing("ESRCH").processStartOf(process.pid)).toBe("gone");
    expect(refusing("EPERM").processStartOf(process.pid)).not.toBe("gone");
  });

  it("sees a child that has exited as gone", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    expect(observer.processStartOf(child.pid as number)).toBe("gone");
  });

  describe.runIf(existsSync("/proc/self/stat"))("where there is /proc", () => {
    it("gives the same start for the same process, and another for another", async () => {
      const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
      try {
        const [own, childs] = [observer.processStartOf(process.pid), observer.processStartOf(child.pid as number)];
        expect(own).toMatch(/^[0-9a-f-]{36}\/\d+$/);
        expect(childs).toMatch(/^[0-9a-f-]{36}\/\d+$/);
        expect(childs).not.toBe(own);
        expect(observer.processStartOf(process.pid)).toBe(own);
      } finally {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    });

    it("takes a zombie for gone: it has ended, only its parent did not ask", async () => {
      // The shell starts a reader of fd 3 in the background and becomes `cat`, which never asks for its exit code.
      const shell = spawn("sh", ["-c", "{ read line; } <&3 & echo $!; exec cat"], {
        stdio: ["pipe", "pipe", "ignore", "pipe"],
      });
      try {
        const said = async (): Promise<string> =>
          String(((await once(shell.stdout as Readable, "data")) as [Buffer])[0]);
        const pid = Number(await said());
        expect(observer.processStartOf(pid)).toMatch(/^[0-9a-f-]{36}\/\d+$/);
        shell.stdin?.write("cat is there");
        expect(await said()).toBe("cat is there");
        (shell.stdio[3] as Writable).end();
        // Nobody is told of a zombie, so there is no event to wait for.
        await expect.poll(() => observer.processStartOf(pid)).toBe("gone");
        expect(process.kill(pid, 0)).toBe(true);
      } finally {
        shell.kill("SIGKILL");
        await once(shell, "exit");
      }
    });

    it("reads past a process name with spaces and parentheses", async () => {
      const child = spawn("sh", ["-c", "printf ') Z 1 (' > /proc/$$/comm; echo ready; read line"], {
        stdio: ["pipe", "pipe", "ignore"],
      });
      try {
        await once(child.stdout, "data");
        expect(observer.processStartOf(child.pid as number)).toMatch(/^[0-9a-f-]{36}\/\d+$/);
      } finally {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    });
  });
});
