import type { Grant } from "../plan/permissions.ts";
import type { ToolFacts } from "../plan/tool-table.ts";
import type { ToolSpec } from "../provider/provider.ts";
import type { StateChange } from "../store/state-change.ts";
import type { Json, JsonObject } from "../util/json.ts";

/** Something that an agent can do. */
export interface Tool extends Pick<ToolFacts, "effect"> {
  /** What models call it. */
  readonly name: string;
  /** What people call it; left out = the same. */
  readonly shownAs?: string;
  /** It judges its input itself: the schema is for the model alone. */
  readonly checksItself?: true;
  readonly spec: ToolSpec;
  /** What its outcomes hang on beside its input; left out = nothing. */
  readonly bound?: string;
  /**
   * Does it, given an input that fits the schema. What goes wrong is told to the model; it throws (a ToolBreak) only what
   * its agent cannot go on after. An abort ends it soon, whatever it answers. `at` names the call within its attempt, `TURN.CALL`.
   */
  run(input: JsonObject, context: ToolContext, at: string): Promise<ToolOutcome>;
}

/** Where and within what a tool works. */
export interface ToolContext {
  /** What the agent may touch: asked before each thing that is touched. */
  readonly grant: Grant;
  /** Absolute path of the folder that it works in. */
  readonly workspace: string;
  readonly signal: AbortSignal;
  /** The longest text that a call gives back, in bytes. */
  readonly longestText: number;
  /** Digests of the files that this conversation has seen, by their paths in the workspace. */
  readonly seen: Map<string, string>;
  readonly state: ToolState;
  readonly program: ProgramContext;
}

/** What programs of the agent get, and may take. */
export interface ProgramContext {
  /** Variables that say whose they are. */
  readonly env: { readonly [name: string]: string };
  readonly sandbox: "require" | "prefer" | "off";
  readonly memoryBytes: number;
  readonly cpuMs: number;
  readonly processes: number;
}

/** Values of the project. Each answer is null when the run is over. */
export interface ToolState {
  get(key: string): { readonly value: Json } | null;
  list(prefix: string, limit: number): readonly { readonly key: string; readonly value: Json }[] | null;
  change(change: StateChange): boolean | null;
}

/** What came of a call: what the model is told, and what of it lasts. Plain data: it is kept as a fact. */
export interface ToolOutcome {
  readonly text: string;
  /** It was not done. */
  readonly isError?: true;
  /** Something that is not allowed: the reason, as the end of a sentence. */
  readonly denied?: string;
  /** Something that whoever runs the workflow should know. */
  readonly warning?: string;
  /** The file whose content is known now, and the digest of that. */
  readonly seen?: { readonly path: string; readonly sha256: string };
  /** The agent that it started (team.ts). */
  readonly spawned?: JsonObject;
  /** What it said to an agent that was started, by its id. */
  readonly steered?: { readonly id: string; readonly message: string };
  /** The ids of agents of whose end it told. */
  readonly told?: readonly string[];
}

/** What the model is told of something that was not done. */
export function refused(text: string): ToolOutcome {
  return { text, isError: true };
}

/** What the model is told of something that it may not do, and of what would allow it. */
export function denied(reason: string): ToolOutcome {
  return {
    text: `not allowed: ${reason}. Only whoever wrote the workflow can allow it; do what you can without it.`,
    isError: true,
    denied: reason,
  };
}

/** A text cut to so many bytes, with a line that says so. */
export function bounded(text: string, longest: number, hint = "ask for less"): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= longest) return text;
  const cut = Buffer.from(text)
    .subarray(0, longest)
    .toString("utf8")
    .replace(/\ufffd+$/, "");
  return `${cut}\n[cut here: ${longest} of ${bytes} bytes; ${hint}]`;
}
