import type { PlannedModel } from "../plan/types.ts";
import type { Message, ModelReply } from "../provider/provider.ts";
import { failure, type Failure } from "../run/failure.ts";
import type { Json } from "../util/json.ts";
import { askChain, type Answered } from "./ask-chain.ts";
import type { Task, TaskResult, TaskSurroundings } from "./assignment.ts";
import { LoopGuard } from "./loop-guard.ts";
import { membersText, type TeamMember } from "../tool/team.ts";
import { tokensFor, Trimmed } from "./context-window.ts";
import type { Spend } from "./spend.ts";
import { ok } from "../util/result.ts";
import { toolTurn } from "./tool-turn.ts";
import { repairPrompt, typedReply } from "./typed-reply.ts";

/**
 * Carries out a task, turn by turn: asks the models of the chain until one answers, does what it wants done, and tells it
 * what came of that, until it answers without a call. A typed answer that does not fit is shown its errors once. Every
 * finished reply and every result of a tool is a fact, so that whoever comes back after a crash goes on in the middle.
 * Never rejects.
 */
export async function runTask(task: Task, around: TaskSurroundings): Promise<TaskResult> {
  const { tools } = task;
  const mostTurns = tools?.maxTurns ?? 1;
  const conversation = new Trimmed([{ role: "user", text: task.prompt }], tokensFor(task.models), task.before);
  const guard = new LoopGuard();
  let { models } = task;
  let isRepair = false;
  for (let n = 1; ; n += 1) {
    const notes = around.steering(n);
    if (notes.length > 0) conversation.say(steeringText(notes));
    const trimmed = conversation.fit();
    if (trimmed !== null) around.event("context.trimmed", { turn: n, ...trimmed });
    const answered = await askChain({ task, models, messages: conversation.messages, n }, around);
    if (!answered.ok) return answered;
    const { reply, model, spend } = answered;
    // It knows the conversation; the others stand in for it.
    models = [model, ...(isRepair || tools === undefined ? [] : task.models.filter((each) => each !== model))];
    const calls = tools === undefined ? [] : (reply.toolCalls ?? []);
    if (tools !== undefined && !answered.isRecalled) around.event("agent.turn", { turn: n, calls: calls.length });
    const stopped = stopFailure(reply, around.label, model);
    if (stopped !== null) return { ok: false, failure: stopped, ...spend };
    if (tools !== undefined && calls.length > 0) {
      keep(answered, n, around);
      if (n >= mostTurns) return { ok: false, failure: turnsFailure(mostTurns, around.label), ...spent(answered) };
      const results = await toolTurn(n, calls, tools, around);
      if (!results.ok) return { ok: false, failure: results.error, ...spent(answered) };
      const stuck = guard.note(calls, results.value, around.label) ?? tools.team?.problem ?? null;
      if (stuck !== null) return { ok: false, failure: stuck, ...spent(answered) };
      conversation.add(
        { role: "assistant", text: reply.text, toolCalls: calls, ...(reply.opaque && { opaque: reply.opaque }) },
        { role: "user", text: "", toolResults: results.value },
      );
      continue;
    }
    const rest = tools?.team?.hasUntold === true ? tools.team : null;
    if (rest !== null) {
      // Paid, and not the last one: it stands whatever happens while the others work.
      keep(answered, n, around);
      const told = await rest.rest();
      if (told === null) return { ok: false, failure: interrupted(around.label), ...spent(answered) };
      if (rest.problem !== null) return { ok: false, failure: rest.problem, ...spent(answered) };
      conversation.add(sayingOf(reply), { role: "user", text: teamPrompt(told, tools?.context.longestText ?? 0) });
      continue;
    }
    // Whoever may have several turns hears what was said to it meanwhile.
    if (n < mostTurns && around.steering(n + 1).length > 0) {
      keep(answered, n, around);
      conversation.add(sayingOf(reply), { role: "user", text: "" });
      continue;
    }
    const typed = task.output === null ? ok(reply.text) : typedReply(reply.text, task.output, around.check);
    if (typed.ok && task.keepsLast === true) {
      keep(answered, n, around);
      const said = [...conversation.said, sayingOf(reply)];
      return { ok: true, output: typed.value, said, ...spent(answered) };
    }
    if (typed.ok) return { ok: true, output: typed.value, ...spend };
    if (isRepair) return { ok: false, failure: misfit(answered, typed.error, around.label), ...spend };
    isRepair = true;
    models = [model];
    keep(answered, n, around);
    conversation.add(sayingOf(reply), { role: "user", text: repairPrompt(typed.error) });
  }
}

/** What a model said, for the conversation. The API refuses an empty message. */
function sayingOf({ text }: ModelReply): Message {
  return { role: "assistant", text: text.trim() === "" ? "(empty)" : text };
}

/** What people say while it works. */
function steeringText(notes: readonly string[]): string {
  return `Whoever runs this says meanwhile:\n${notes.join("\n\n")}`;
}

/** The results of agents that nobody waited for: their leader has one more turn for them. */
function teamPrompt(members: readonly TeamMember[], longestText: number): string {
  return `The agents that you started have ended. Their results:\n${membersText(members, longestText)}\nGive your final answer with them.`;
}

function interrupted(label: string): Failure {
  return failure("cancelled", "cancelled", `'${label}' was stopped`);
}

/** A reply that is not the last one of its task is a fact of its own. */
function keep({ isRecalled, requestDigest, reply, spend }: Answered, n: number, { calls }: TaskSurroundings): void {
  if (!isRecalled) calls.record(n, requestDigest, reply as unknown as Json, spend);
}

/** What the attempt itself has spent when its last reply was kept. */
function spent({ spend }: Answered): Spend {
  return { model: spend.model, usage: null, costUsd: null };
}

function turnsFailure(most: number, label: string): Failure {
  return failure("tool", "max_turns", `'${label}' was not done after ${most} turns`, {
    help: "raise `max_turns` of the agent (a resume goes on from the last turn), or give it less to do",
  });
}

function misfit({ model, reply }: Answered, problems: readonly string[], label: string): Failure {
  return failure(
    "output",
    "schema_mismatch",
    `the reply of ${model.id} in '${label}' does not fit the output schema, even after one repair: ${problems.join("; ")}`,
    {
      help: "say in the task what the fields mean, loosen the schema, or use a stronger model",
      partial: reply.text.slice(0, 16 * 1024),
    },
  );
}

/** A reply that is cut or refused is no answer, however good it looks. */
function stopFailure(reply: ModelReply, label: string, model: PlannedModel): Failure | null {
  const partial = reply.text === "" ? null : reply.text.slice(0, 16 * 1024);
  if (reply.stopReason === "refusal") {
    return failure("refused", "refusal", `${model.id} refused the task of '${label}'`, {
      help: "reword the task, or give it to another model by 'fallback' or by hand",
      partial,
    });
  }
  if (reply.stopReason === "max_tokens") {
    return failure(
      "output",
      "max_tokens",
      `the reply of ${model.id} in '${label}' was cut at max_tokens (${model.maxTokens})`,
      { help: "raise 'max_tokens' of the model or agent, or ask for less", partial },
    );
  }
  return null;
}
