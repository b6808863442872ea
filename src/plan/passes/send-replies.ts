import type { Pointer } from "../../manifest/pointer.ts";
import type { AgentBody, NeedGroup, PlannedStep, SendBody } from "../types.ts";

/** What stands behind the id of a `send` in the id of the step that has its turn: no id that is written holds a `-`. */
const REPLY = "-reply";

/**
 * The steps of a scope with one more behind each `send` that waits for no reply: it has the turn of the session, and nobody
 * waits for it but the end of the scope.
 */
export function withReplies(
  steps: readonly PlannedStep[],
  pointers: readonly Pointer[],
): { readonly steps: readonly PlannedStep[]; readonly pointers: readonly Pointer[] } {
  if (!steps.some(({ body }) => body.kind === "send")) return { steps, pointers };
  const places: number[] = [];
  let count = 0;
  for (const { body } of steps) {
    places.push(count);
    count += body.kind === "send" ? 2 : 1;
  }
  const moved = ({ of, required }: NeedGroup): NeedGroup => ({ of: of.map((at) => places[at] as number), required });
  return {
    steps: steps.flatMap((step, index) => {
      const own = { ...step, needs: step.needs.map(moved) };
      return own.body.kind === "send" ? [own, replyOf(own, own.body, places[index] as number)] : [own];
    }),
    pointers: steps.flatMap(({ body }, index) => {
      const pointer = pointers[index] as Pointer;
      return body.kind === "send" ? [pointer, pointer] : [pointer];
    }),
  };
}

function replyOf(step: PlannedStep, { agent, session, message, effect }: SendBody, place: number): PlannedStep {
  const body: AgentBody = {
    kind: "agent",
    agent,
    task: message,
    session,
    send: { waitMs: null },
    models: null,
    modelsByItem: null,
  };
  const { id, fan, retry, timeoutMs, onError, isFinally } = step;
  return {
    id: `${id}${REPLY}`,
    description: null,
    body,
    needs: [{ of: [place], required: 1 }],
    condition: null,
    whenSettled: isFinally,
    fan,
    retry,
    timeoutMs,
    onError,
    output: null,
    effect,
    isFinally,
    repeat: null,
    fallback: [],
    workspace: "repo",
    simulate: null,
  };
}
