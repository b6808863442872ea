import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startFakeAnthropic, type FakeAnthropic } from "../../test/rig/fake-anthropic/fake-anthropic.ts";

/** The parts of a report that claims are made of. */
export interface RunReport {
  readonly status: string;
  readonly duration_ms: number;
  readonly cost_usd: number;
  readonly usage: {
    readonly input_tokens: number;
    readonly cache_read_tokens: number;
    readonly cache_write_tokens: number;
    readonly calls: number;
  };
}

/** A folder in which the real command runs, and a fake model that answers it. */
export class Desk {
  /** How long the model takes to answer. */
  delayMs = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), "muster-claims-"));
  readonly #fake: FakeAnthropic;

  private constructor(fake: FakeAnthropic) {
    this.#fake = fake;
  }

  static async open(): Promise<Desk> {
    let desk: Desk | null = null;
    const fake = await startFakeAnthropic({
      answers: async ({ text }) => {
        await wait(desk?.delayMs ?? 0);
        // A batch gets one result for each of its items.
        const size = Number(/in this list of (\d+)/.exec(text)?.[1] ?? 0);
        return size > 0 ? JSON.stringify(Array.from({ length: size }, () => "done")) : "done";
      },
    });
    desk = new Desk(fake);
    return desk;
  }

  /** Runs a workflow to its end, which must be a good one. */
  async run(manifest: string): Promise<RunReport> {
    const path = (name: string): string => join(this.#folder, name);
    writeFileSync(path("workflow.yaml"), manifest);
    const script = resolve(import.meta.dirname, "../../dist/cli/main.js");
    const args = [script, "run", "workflow.yaml", "--report", "report.json", "--format", "plain"];
    const env = { ...process.env, ANTHROPIC_BASE_URL: this.#fake.url, ANTHROPIC_API_KEY: "sk-ant-bench-0123456789" };
    const child = spawn(process.execPath, args, { cwd: this.#folder, env, stdio: ["ignore", "ignore", "pipe"] });
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (told += text));
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`the run ended with ${code}:\n${told}`);
    return JSON.parse(readFileSync(path("report.json"), "utf8")) as RunReport;
  }

  async close(): Promise<void> {
    await this.#fake.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
