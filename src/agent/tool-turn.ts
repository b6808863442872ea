import type { ToolCall, ToolResult } from "../provider/provider.ts";
import { failure, type Failure } from "../run/failure.ts";
import { ToolBreak } from "../tool/tool-break.ts";
import type { Tool, ToolOutcome } from "../tool/tool.ts";
import { digestOf } from "../util/digest.ts";
import { err, ok, type Result } from "../util/result.ts";
import type { TaskSurroundings } from "./assignment.ts";
import type { NumberedCall } from "./tool-journal.ts";
import type { Toolbox } from "./toolbox.ts";

/** The longest input that an event shows, in characters of JSON. */
const LONGEST_SHOWN = 300;

/** A call with what is known of it. */
interface Numbered extends NumberedCall {
  readonly call: ToolCall;
  /** null = there is no such tool. */
  readonly tool: Tool | null;
}

/**
 * Does what a model wants done in one turn. What changes nothing is done side by side; what changes something is done
 * alone and in order. Each call is on the record before it begins. Of one that was begun by a runner that stopped: what
 * may be repeated is; the failure is `outcome_unknown` of what may not. Never rejects.
 */
export async function toolTurn(
  turn: number,
  calls: readonly ToolCall[],
  box: Toolbox,
  around: TaskSurroundings,
): Promise<Result<readonly ToolResult[], Failure>> {
  const outcomes = new Map<string, ToolOutcome>();
  const numbered = calls.map((call, index): Numbered => {
    const tool = box.tools.find((each) => each.name === call.name) ?? null;
    return { at: `${turn}.${index + 1}`, fingerprint: fingerprintOf(call, tool), call, tool };
  });
  const open: Numbered[] = [];
  for (const each of numbered) {
    const known = around.toolCalls.look(each);
    if (known?.state === "done") outcomes.set(each.at, known.outcome as unknown as ToolOutcome);
    else if (known?.state === "started" && each.tool?.effect === "unsafe") return err(unknown(each, around.label));
    else open.push(each);
  }
  for (const group of groupsOf(open)) {
    if (around.signal.aborted) return err(stopped(around.label));
    for (const each of group) tellStart(each, around);
    if (!(await around.toolCalls.begin(group))) return err(stopped(around.label));
    const done = await Promise.all(group.map((each) => oneCall(each, box, around)));
    for (const [index, outcome] of done.entries()) {
      if (outcome === null) return err(stopped(around.label));
      if (outcome instanceof ToolBreak) return err(redacted(outcome.failure, around));
      outcomes.set((group[index] as Numbered).at, outcome);
    }
  }
  const results: ToolResult[] = [];
  for (const { at, call } of numbered) {
    const outcome = outcomes.get(at) as ToolOutcome;
    const { text, isError = false, seen } = outcome;
    box.team?.recall(outcome, at);
    if (seen !== undefined) box.context.seen.set(seen.path, seen.sha256);
    results.push({ id: call.id, text, isError });
  }
  return ok(results);
}

function fingerprintOf({ name, input, id }: ToolCall, tool: Tool | null): string {
  return digestOf({ name, input, id, ...(tool?.bound !== undefined && { bound: tool.bound }) });
}

/** Calls that may be under way at once, one group after the other. */
function groupsOf(calls: readonly Numbered[]): readonly (readonly Numbered[])[] {
  const groups: Numbered[][] = [];
  let last: Numbered[] | null = null;
  for (const call of calls) {
    const isHarmless = call.tool === null || call.tool.effect === "none";
    if (isHarmless && last !== null) last.push(call);
    else groups.push(isHarmless ? (last = [call]) : [call]);
    if (!isHarmless) last = null;
  }
  return groups;
}

/**
 * Does one call and puts its end on the record; null = the run is over, or the attempt was stopped in the middle. Of what
 * broke, nobody knows the end: it has none on the record.
 */
async function oneCall(
  each: Numbered,
  box: Toolbox,
  around: TaskSurroundings,
): Promise<ToolOutcome | ToolBreak | null> {
  const startedAt = around.clock.monotonic();
  const raw = await outcomeOf(each, box, around);
  // What was stopped in the middle has no end: whoever goes on does not take it for one.
  if (around.signal.aborted && each.tool !== null) return null;
  const name = each.tool?.shownAs ?? each.call.name;
  const took = (): { readonly duration_ms: number } => ({
    duration_ms: Math.round(around.clock.monotonic() - startedAt),
  });
  if (raw instanceof ToolBreak) {
    around.event("tool.finished", { tool: name, call: each.at, status: "error", ...took() });
    return raw;
  }
  const outcome = { ...raw, text: around.redactor.text(raw.text) };
  // Later calls of the same turn go by what this one saw.
  if (outcome.seen !== undefined) box.context.seen.set(outcome.seen.path, outcome.seen.sha256);
  if (outcome.denied !== undefined)
    around.event("tool.denied", { tool: name, call: each.at, reason: around.redactor.text(outcome.denied) });
  if (outcome.warning !== undefined)
    around.event("log", { level: "warn", message: `'${around.label}' ${around.redactor.text(outcome.warning)}` });
  around.event("tool.finished", {
    tool: name,
    call: each.at,
    status: outcome.isError === true ? "error" : "ok",
    bytes: Buffer.byteLength(outcome.text),
    ...took(),
  });
  return (await around.toolCalls.finish(each, { ...outcome })) ? outcome : null;
}

async function outcomeOf(
  { call, tool, at }: Numbered,
  box: Toolbox,
  around: TaskSurroundings,
): Promise<ToolOutcome | ToolBreak> {
  if (tool === null) {
    const names = box.tools.map(({ name }) => name).join(", ");
    return { text: `there is no tool '${call.name}': there are ${names}`, isError: true };
  }
  if (call.input === null) return { text: "the input is no JSON object", isError: true };
  const problems = tool.checksItself === true ? [] : around.check(tool.spec.inputSchema, call.input);
  if (problems.length > 0) return { text: `the input does not fit: ${problems.join("; ")}`, isError: true };
  try {
    return await tool.run(call.input, box.context, at);
  } catch (error) {
    if (error instanceof ToolBreak) return error;
    // A bug of the tool is no reason to lose the conversation.
    return { text: `the tool itself failed: ${(error as Error).message}`, isError: true };
  }
}

function tellStart({ call, at, tool }: Numbered, around: TaskSurroundings): void {
  const input = JSON.stringify(call.input);
  around.event("tool.called", {
    tool: tool?.shownAs ?? call.name,
    call: at,
    effect: tool?.effect ?? "none",
    arguments: input.length <= LONGEST_SHOWN ? input : `${input.slice(0, LONGEST_SHOWN)}…`,
  });
}

function redacted(why: Failure, { redactor }: TaskSurroundings): Failure {
  return {
    ...why,
    message: redactor.text(why.message),
    partial: why.partial === null ? null : redactor.text(why.partial),
  };
}

function unknown({ call, tool }: Numbered, label: string): Failure {
  const shown = JSON.stringify(call.input).slice(0, 200);
  return failure(
    "internal",
    "outcome_unknown",
    `'${label}' was in a call of ${tool?.shownAs ?? call.name} when its runner stopped: nobody knows whether it took effect, so it is not repeated: ${shown}`,
    { help: "see what it did; to do the whole step again: muster resume --rerun STEP" },
  );
}

function stopped(label: string): Failure {
  return failure("cancelled", "cancelled", `'${label}' was stopped`);
}
