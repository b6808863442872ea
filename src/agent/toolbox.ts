import type { ToolSpec } from "../provider/provider.ts";
import type { Failure } from "../run/failure.ts";
import type { Team } from "../tool/team.ts";
import type { Tool, ToolContext } from "../tool/tool.ts";

/** What an agent may call. */
export interface Toolbox {
  readonly tools: readonly Tool[];
  readonly specs: readonly ToolSpec[];
  readonly maxTurns: number;
  readonly context: ToolContext;
  /** The agents that it leads; left out = it leads nobody. */
  readonly team?: Team & { readonly problem: Failure | null };
}
