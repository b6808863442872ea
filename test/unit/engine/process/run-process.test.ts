import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  runProcess,
  type ProcessOptions,
  type ProcessRequest,
  type ProcessResult,
} from "../../../../src/engine/process/run-process.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-process-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };

/** Runs a script of `sh`, or argv, with what a test wants to be different. */
function run(
  command: string | readonly string[],
  more: Partial<ProcessRequest & ProcessOptions> = {},
): Promise<ProcessResult> {
  const { signal = new AbortController().signal, killGraceMs = 10_000, onOutput = () => {}, ...request } = more;
  return runProcess(
    {
      command: typeof command === "string" ? { shell: "sh", script: command } : { argv: command },
      cwd: folder,
      env,
      stdin: null,
      outputLimitBytes: 1_000_000,
      ...request,
    },
    { signal, killGraceMs, onOutput },
  );
}

/** Runs a script and aborts it as soon as its stdout matches. */
function runUntil(marker: RegExp, script: string, more: Partial<ProcessRequest & ProcessOptions> = {}) {
  const controller = new AbortController();
  let seen = "";
  return run(script, {
    ...more,
    signal: controller.signal,
    onOutput(_stream, text) {
      seen += text;
      if (marker.test(seen)) controller.abort();
    },
  });
}

/** True while a process runs; a zombie does not. */
function isAlive(pid: string): boolean {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) && !/\) [ZX] /.test(readFileSync(path, "latin1"));
}

const pidsIn = (stdout: string): string[] => stdout.match(/\d+/g) ?? [];

describe("a program that ends on its own", () => {
  it("answers its exit code and what it wrote to both streams", async () => {
    const result = await run("echo out; echo err >&2; exit 3");
    expect(result).toEqual({
      exitCode: 3,
      signal: null,
      stdout: "out\n",
      stderr: "err\n",
      stdoutTruncated: false,
      stderrTruncated: false,
      spawnError: null,
      exceeded: null,
      durationMs: expect.any(Number) as number,
    });
  });

  it("answers the signal that ended it", async () => {
    expect(await run("kill -9 $$")).toMatchObject({ exitCode: null, signal: "SIGKILL" });
  });

  it("gets its arguments as they are, its folder, and no other environment than the given one", async () => {
    const args = await run(["printf", "%s|", "a b", "$HOME", "", "'\"\\"]);
    expect(args.stdout).toBe("a b|$HOME||'\"\\|");
    const script = await run("pwd; env | cut -d= -f1 | grep -v '^_$' | sort", { env: { ...env, GREETING: "hello" } });
    expect(script.stdout).toBe(`${folder}\nGREETING\nMUSTER_ATTEMPT\nPATH\nPWD\n`);
  });

  it("reads its standard input to the end, and may also leave it unread", async () => {
    const text = "löng ".repeat(200_000);
    expect((await run(["wc", "-c"], { stdin: text })).stdout.trim()).toBe("1200000");
    expect(await run("exec true", { stdin: text })).toMatchObject({ exitCode: 0, spawnError: null });
    expect((await run(["cat"])).stdout).toBe("");
  });

  it.each([
    ["sh", "false; echo reached", 1],
    ["sh", "false | cat", 0],
    ["bash", "false; echo reached", 1],
    ["bash", "false | cat", 1],
  ])("%s stops at the first command that fails: %s", async (shell, script, exitCode) => {
    expect(await run([], { command: { shell, script } })).toMatchObject({ exitCode, stdout: "" });
  });
});

describe("output", () => {
  it("is decoded as UTF-8 wherever the pipe cuts it, with U+FFFD for what is not UTF-8", async () => {
    const pieces: string[] = [];
    const result = await run(String.raw`printf 'a\303'; read line; printf '\251\377b\342\202'`, {
      stdin: "go on\n",
      onOutput: (_stream, text) => pieces.push(text),
    });
    expect(result.stdout).toBe("aé\uFFFDb\uFFFD");
    expect(pieces.join("")).toBe(result.stdout);
  });

  it("is kept up to the limit of each stream; the rest is thrown away, and the program goes on to its end", async () => {
    const before = process.memoryUsage().rss;
    const result = await run("yes é | head -c 50000000; printf abc >&2; exit 4", { outputLimitBytes: 100_000 });
    expect(result).toMatchObject({ exitCode: 4, stdoutTruncated: true, stderr: "abc", stderrTruncated: false });
    expect(result.stdout).toBe("é\n".repeat(33_333));
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  });

  it("of exactly the limit is whole", async () => {
    const result = await run("printf 12345", { outputLimitBytes: 5 });
    expect(result).toMatchObject({ stdout: "12345", stdoutTruncated: false });
  });
});

describe("what could not be started is told apart", () => {
  it.each<[string, Partial<ProcessRequest>, string]>([
    [
      "a program",
      { command: { argv: ["no-such-program"] } },
      "the program 'no-such-program' was not found on the PATH",
    ],
    [
      "a path",
      { command: { argv: ["./nothing.sh"] } },
      "the program './nothing.sh', or the interpreter that its first line names, does not exist",
    ],
    ["a folder", { cwd: "/no/such/folder" }, "the working folder '/no/such/folder' does not exist"],
    ["no folder", { cwd: "/etc/passwd" }, "the working folder '/etc/passwd' is not a folder"],
    ["nothing", { command: { argv: [] } }, "the command is empty"],
    ["a NUL", { command: { argv: ["echo", "a\0b"] } }, "the command or its environment holds a NUL character"],
    ["a NUL in the environment", { env: { X: "\0" } }, "the command or its environment holds a NUL character"],
    [
      "an argument of 200 kB",
      { command: { argv: ["echo", "x".repeat(200_000)] } },
      "its arguments and environment are too long for the system; pass long values through stdin",
    ],
  ])("%s", async (_what, request, message) => {
    expect(await run("true", request)).toMatchObject({ exitCode: null, signal: null, spawnError: message });
  });

  it("a file that is no program", async () => {
    writeFileSync(join(folder, "plain.txt"), "text", { mode: 0o644 });
    const result = await run(["./plain.txt"]);
    expect(result.spawnError).toBe("the program './plain.txt' may not be executed (permission denied)");
  });

  it("an abort before the start: nothing runs", async () => {
    const result = await run(`touch ${folder}/ran`, { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ exitCode: null, signal: null, spawnError: null, stdout: "" });
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });
});

describe("abort", () => {
  it("ends the whole tree, those who left the group included, and keeps what was written", async () => {
    const result = await runUntil(
      /^partial\n(\d+\n){6}$/,
      `echo partial
       sleep 1000 & echo $!
       setsid sh -c 'echo $$; sleep 1001 & echo $!; setsid sleep 1002 & echo $!; wait' &
       sh -c 'setsid sleep 1003 & echo $!'
       setsid env -i sleep 1004 & echo $!
       wait`,
    );
    expect(result).toMatchObject({ exitCode: null, signal: "SIGTERM" });
    expect(pidsIn(result.stdout)).toHaveLength(6);
    expect(pidsIn(result.stdout).filter(isAlive)).toEqual([]);
  });

  it("lets the program end in its own way within the grace", async () => {
    const result = await runUntil(/ready/, "trap 'echo saved; exit 7' TERM; echo ready; sleep 1000 & wait");
    expect(result).toMatchObject({ exitCode: 7, signal: null, stdout: "ready\nsaved\n" });
  });

  it("kills what does not listen after the grace, however deep", async () => {
    const deaf = "trap '' TERM; sleep 1000 & echo $!; setsid sleep 1001 & echo $!; echo ready; wait; wait";
    const result = await runUntil(/ready/, deaf, { killGraceMs: 50 });
    expect(result).toMatchObject({ exitCode: null, signal: "SIGKILL" });
    expect(pidsIn(result.stdout)).toHaveLength(2);
    expect(pidsIn(result.stdout).filter(isAlive)).toEqual([]);
  });

  it("does not wait for a grace that nobody needs", async () => {
    const result = await runUntil(/ready/, "echo ready; exec sleep 1000", { killGraceMs: 1_000_000 });
    expect(result.signal).toBe("SIGTERM");
  });
});

describe("what a program leaves behind in the background", () => {
  it("is stopped when it holds the output, and what it wrote is kept", async () => {
    const result = await run("(echo from behind; exec sleep 1000) & echo $!; exit 5");
    expect(result).toMatchObject({ exitCode: 5, signal: null });
    expect(result.stdout).toContain("from behind\n");
    expect(pidsIn(result.stdout).filter(isAlive)).toEqual([]);
  });

  it("may finish writing when it is quick", async () => {
    const result = await run("(head -c 300000 /dev/zero | tr '\\0' x; echo end) & exit 0");
    expect(result.stdout).toHaveLength(300_004);
  });

  it("is stopped when it left the group, closed its output and lost its parent, and the program failed", async () => {
    const result = await run("sh -c 'setsid sleep 1000 >/dev/null 2>&1 & echo $!'; exit 1");
    const [pid = ""] = pidsIn(result.stdout);
    expect(result.exitCode).toBe(1);
    expect(isAlive(pid)).toBe(false);
  });

  it("is left alone as a daemon when it left the group and closed its output, and the program ended well", async () => {
    // The program ends only once the daemon runs in a session of its own.
    const result = await run(
      "setsid sh -c 'echo $$ > daemon; exec sleep 1000' >/dev/null 2>&1 & until [ -s daemon ]; do :; done; cat daemon",
    );
    const [pid = ""] = pidsIn(result.stdout);
    expect(result.exitCode).toBe(0);
    expect(isAlive(pid)).toBe(true);
    process.kill(Number(pid), "SIGKILL");
  });

  it("is found although it belonged to the tree of an inner muster, which was killed", async () => {
    const inner = join(process.cwd(), "src/engine/process/run-process.ts");
    const program = `
      import { runProcess } from ${JSON.stringify(inner)};
      const onOutput = (_, pid) => { process.stdout.write(pid); process.kill(process.pid, "SIGKILL"); };
      const command = { shell: "sh", script: "echo $$; exec sleep 1000" };
      await runProcess(
        { command, cwd: "/", env: process.env, stdin: null, outputLimitBytes: 100 },
        { signal: new AbortController().signal, killGraceMs: 1, onOutput },
      );`;
    const result = await run([process.execPath, "--experimental-strip-types", "--input-type=module", "-e", program]);
    const [pid = ""] = pidsIn(result.stdout);
    expect(result.signal).toBe("SIGKILL");
    expect(pid).not.toBe("");
    expect(isAlive(pid)).toBe(false);
  });
});
