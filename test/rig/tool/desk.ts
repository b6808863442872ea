import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Cages } from "../../../src/engine/process/cgroup.ts";
import { builtInTools, cagesOfThisMachine, sandboxOfThisMachine } from "../../../src/compose/tools.ts";
import type { Resolve } from "../../../src/network/resolve.ts";
import type { Grant } from "../../../src/plan/permissions.ts";
import type { PreparedSandbox } from "../../../src/tool/sandbox/sandbox.ts";
import type { Tool, ToolContext, ToolOutcome } from "../../../src/tool/tool.ts";
import type { Json, JsonObject } from "../../../src/util/json.ts";

/** Files may be changed and programs started, of the network nothing, of the state nothing. */
export const worker: Grant = { files: "write", network: [], shell: "any", state: "none", sessions: [] };

const findCages = cagesOfThisMachine();

/** What a test changes of a desk. */
export interface DeskOptions {
  readonly grant?: Grant;
  readonly sandbox?: ToolContext["program"]["sandbox"];
  readonly resolve?: Resolve;
  readonly longestText?: number;
  readonly resources?: Partial<Pick<ToolContext["program"], "memoryBytes" | "cpuMs" | "processes">>;
  /** Default: those of this machine. */
  readonly cages?: () => Cages | null;
  readonly environment?: { readonly [name: string]: string };
}

/** A folder to work in with another one beside it that is none of the agent's business, and the tools as an agent has them. */
export class Desk {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "muster-desk-")));
  readonly workspace = join(this.root, "workspace");
  readonly outside = join(this.root, "outside");
  readonly state = new Map<string, Json>();
  readonly sandbox: () => PreparedSandbox | null;

  constructor(sandbox: () => PreparedSandbox | null = sandboxOfThisMachine()) {
    this.sandbox = sandbox;
    mkdirSync(this.workspace);
    mkdirSync(this.outside);
    writeFileSync(join(this.outside, "secret.txt"), SECRET);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.workspace, path)), { recursive: true });
    writeFileSync(join(this.workspace, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.workspace, path), "utf8");
  }

  has(path: string): boolean {
    return existsSync(join(this.workspace, path));
  }

  /** An agent at this desk: calls share what was seen. */
  agent(options: DeskOptions = {}): (tool: string, input: JsonObject) => Promise<ToolOutcome> {
    const environment = options.environment ?? { PATH: process.env["PATH"] ?? "" };
    const resolve = options.resolve ?? (async () => [{ address: "203.0.113.1", family: 4 }]);
    const tools = builtInTools({ environment, resolve, sandbox: this.sandbox, cages: options.cages ?? findCages });
    const context = this.#context(options);
    return async (name, input) => {
      const tool = tools.find((each: Tool) => each.name === name);
      if (tool === undefined) throw new Error(`there is no tool '${name}'`);
      const outcome = await tool.run(input, context, "1.1");
      if (outcome.seen !== undefined) context.seen.set(outcome.seen.path, outcome.seen.sha256);
      return outcome;
    };
  }

  #context({ grant = worker, sandbox = "require", longestText = 64 * 1024, resources }: DeskOptions): ToolContext {
    return {
      grant,
      workspace: this.workspace,
      signal: new AbortController().signal,
      longestText,
      seen: new Map(),
      state: {
        get: (key) => ({ value: this.state.get(key) ?? null }),
        list: (prefix) => [...this.state].flatMap(([key, value]) => (key.startsWith(prefix) ? [{ key, value }] : [])),
        change: (change) => {
          if (change.kind === "set") this.state.set(change.key, change.value);
          return true;
        },
      },
      program: { env: {}, sandbox, memoryBytes: 512 * 1024 ** 2, cpuMs: 60_000, processes: 64, ...resources },
    };
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** What lies outside of the workspace. */
export const SECRET = "the-secret-of-the-house";
