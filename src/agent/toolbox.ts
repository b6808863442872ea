import type { ToolSpec } from "../provider/provider.ts";
import type { Tool, ToolContext } from "../tool/tool.ts";

/** What an agent may call. */
export interface Toolbox {
  readonly tools: readonly Tool[];
  readonly specs: readonly ToolSpec[];
  readonly maxTurns: number;
  readonly context: ToolContext;
}
