import type { Json } from "../util/json.ts";
import { digestOf } from "../util/digest.ts";

/*
 * Lasting names: over edits and resumes the same thing has the same name.
 *
 *   draft                        a unit: a step,
 *   draft#1f0c9a.0               or one item of it (its content, and how often that came before)
 *   draft#1f0c9a.0/2.0.1         an attempt: iteration 2, stage 0 (the primary), attempt 1
 *   group/1.0.1/inner            a unit inside that attempt of a group
 *   draft/1.0.1/~call/2          a model call of an attempt
 *   draft/1.0.1/~batch/2         where the answer to that call is to be found, when it comes later
 *   draft/1.0.1/~tool/2.3        the third call of a tool that the reply 2 asked for
 *   draft/1.0.1/~child/2.3:ann  the agent `ann` that this call started; what it does hangs under that, as under an attempt
 *   draft/1.0.1/~steer/2         what a person said to the agent before its second call
 *   draft/1.0.1/~paid/2          what a call of an attempt cost, or may cost: where a budget counts it
 *   ~closed/run                  a budget that lets no further call in
 *   draft/~gate                  what a gate saw
 *   draft/~killed                a person stopped it
 *   group/1.0.1/~expired         that attempt of a group did not end within its timeout
 *
 * Ids of steps never hold `~`, `#` or a leading digit, so the parts cannot be taken for each other.
 */

/** The name of a unit. `prefix` is the name of the attempt it runs in, with `/`; empty at the top. */
export function unitKey(prefix: string, id: string, item: string | null): string {
  return item === null ? `${prefix}${id}` : `${prefix}${id}#${item}`;
}

/** The name of an attempt of a unit. */
export function attemptKey(
  unit: string,
  at: { readonly iteration: number; readonly stage: number; readonly attempt: number },
): string {
  return `${unit}/${at.iteration}.${at.stage}.${at.attempt}`;
}

/** The name of the n-th model call (1-based) inside an attempt. */
export function callKey(attempt: string, call: number): string {
  return `${attempt}/~call/${call}`;
}

/** The name of a call of a tool inside an attempt; `at` is `TURN.CALL`. */
export function toolKey(attempt: string, at: string): string {
  return `${attempt}/~tool/${at}`;
}

/** The name of what people said to an agent before its n-th model call (1-based). */
export function steerKey(attempt: string, call: number): string {
  return `${attempt}/~steer/${call}`;
}

/** Whether a name is that of something in the conversation of an attempt: a call of a model or a tool, an agent that it started. */
export function isInsideCall(key: string): boolean {
  return /\/~(?:call|tool|child|steer)\//.test(key);
}

/** The name of an agent that an attempt has started: `at` is the call (`TURN.CALL`), `agent` its name in the plan. */
export function childKey(attempt: string, at: string, agent: string): string {
  return `${attempt}/~child/${at}:${encodeURIComponent(agent)}`;
}

/** The attempt that has started an agent, by the agent's name; null = it is no such name. */
export function parentOfChild(key: string): string | null {
  const at = key.lastIndexOf("/~child/");
  return at < 0 || key.includes("/", at + "/~child/".length) ? null : key.slice(0, at);
}

/** The agents, by their names in the plan, on the way from an attempt to what a name in it belongs to; the innermost last. */
export function childAgentsOf(key: string): readonly string[] {
  if (!key.includes("/~child/")) return [];
  return [...key.matchAll(/\/~child\/[^/:]*:([^/]*)/g)].map(([, name = ""]) => decodeURIComponent(name));
}

/** The name of what the n-th call (1-based) of an attempt was paid; counts on over its starts. */
export function paidKey(attempt: string, call: number): string {
  return `${attempt}/~paid/${call}`;
}

/** True for what a call was paid: such a fact answers nothing, and is never forgotten. */
export function isPaidKey(key: string): boolean {
  return key.includes("/~paid/");
}

/** The name of a budget's being closed, by the budget's id. */
export function closedKey(budget: string): string {
  return `~closed/${budget}`;
}

/** The name of where the answer to the n-th model call (1-based) inside an attempt is to be found. */
export function ticketKey(attempt: string, call: number): string {
  return `${attempt}/~batch/${call}`;
}

/** The attempt whose call a ticket is for; null = it is no name of a ticket. */
export function attemptOfTicket(key: string): string | null {
  const at = key.lastIndexOf("/~batch/");
  return at < 0 ? null : key.slice(0, at);
}

/** The name of what a gate saw, for steps that may start before all that they name has ended. */
export function gateKey(unit: string): string {
  return `${unit}/~gate`;
}

/** The name of a person's word that a step shall stop. */
export function killKey(unit: string): string {
  return `${unit}/~killed`;
}

/** The name of the end of an attempt of a group, or of a sub-workflow, by its timeout. */
export function expiredKey(attempt: string): string {
  return `${attempt}/~expired`;
}

/** The stage of an attempt, by its name: 0 = the primary. */
export function stageOfKey(attempt: string): number {
  return Number(/\/\d+\.(\d+)\.\d+$/.exec(attempt)?.[1] ?? 0);
}

/** Which attempt of its stage an attempt is, by its name: 1 = the first. */
export function attemptOfKey(attempt: string): number {
  return Number(/\/\d+\.\d+\.(\d+)$/.exec(attempt)?.[1] ?? 1);
}

/** The path of the step that a name belongs to: ids alone, as `group/inner`. */
export function pathOfKey(key: string): string {
  const [steps = ""] = key.split("/~", 1);
  return steps
    .split("/")
    .filter((part) => !/^\d/.test(part))
    .map((part) => part.split("#", 1)[0])
    .join("/");
}

/** The ids of a path as people see it: `group/inner` of `group[2]/inner`. */
export function idsOfPath(path: string): string {
  // Most have none: thousands of steps are asked for.
  return path.includes("[") ? path.replace(/\[\d+\]/g, "") : path;
}

/** The path of the step that an agent works for which others have started: `group[2]/lead` of `group[2]/lead/worker@2.1`. */
export function stepOfChild(path: string): string {
  return path.replace(/\/[^/]*@.*$/, "");
}

/** A unit as people see it: `draft`, `draft[2]`. */
export function labelOf({ path, item }: { readonly path: string; readonly item: number | null }): string {
  return item === null ? path : `${path}[${item}]`;
}

/** The name of a unit as it is typed into a shell: some take `[2]` for a pattern. */
export function typedLabel(label: string): string {
  return label.includes("[") ? `'${label}'` : label;
}

/** Whether a step is meant by a path that a person wrote, `group[2]/inner`, or `group/inner` for all items. */
export function isNamed(path: string, by: string): boolean {
  return path === by || idsOfPath(path) === by;
}

/** Whether a name is that of a unit, or of something in it. */
export function isOfUnit(key: string, unit: string): boolean {
  return key === unit || key.startsWith(`${unit}/`);
}

/** Whether a name is that of another item of the same step, or of something in it. */
export function isOfSibling(key: string, unit: string): boolean {
  const sign = unit.lastIndexOf("#");
  return sign > unit.lastIndexOf("/") && key.startsWith(unit.slice(0, sign + 1)) && !isOfUnit(key, unit);
}

/** The iteration (1-based) and stage of a unit that a name belongs to; null for a name that is not inside of it. */
export function roundOfKey(key: string, unit: string): { readonly iteration: number; readonly stage: number } | null {
  if (!key.startsWith(`${unit}/`)) return null;
  const [, iteration, stage] = /^(\d+)\.(\d+)\.\d+(?:\/|$)/.exec(key.slice(unit.length + 1)) ?? [];
  return iteration === undefined ? null : { iteration: Number(iteration), stage: Number(stage) };
}

/** The number of an attempt, 1-based, from its name. */
export function attemptOf(key: string): number {
  return Number(key.slice(key.lastIndexOf(".") + 1));
}

/** The stage (0 = the primary) of the innermost attempt that a name is in, or 0. */
export function stageOf(key: string): number {
  return Number([...key.matchAll(/\/\d+\.(\d+)\.\d+(?=\/|$)/g)].at(-1)?.[1] ?? 0);
}

/** True for the name of an attempt itself: not of a call in it, nor of a gate. */
export function isAttemptKey(key: string): boolean {
  return /\/\d+\.\d+\.\d+$/.test(key);
}

/**
 * Lasting names for the items of a list: the item's content and how often the same content came before it,
 * so that an entry that moves, or a list that grows, keeps what was done for the others.
 */
export function itemNames(items: readonly Json[]): string[] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    const content = digestOf(item).slice(0, 16);
    const occurrence = seen.get(content) ?? 0;
    seen.set(content, occurrence + 1);
    return `${content}.${occurrence}`;
  });
}
