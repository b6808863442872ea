import type { Json } from "../util/json.ts";
import { digestOf } from "../util/digest.ts";

/** Where an attempt stands in a run, by names that last over edits and resumes. */
export interface AttemptAddress {
  /** Path of the step: its id at the top, `group/inner` inside. */
  readonly path: string;
  /** The item's lasting name, null for a step without `for_each`. */
  readonly item: string | null;
  readonly iteration: number;
  readonly stage: number;
  readonly attempt: number;
}

/** The lasting name of a unit: `draft`, or `draft#1f0c9a.0` for an item. */
export function unitKey(path: string, item: string | null): string {
  return item === null ? path : `${path}#${item}`;
}

/** The lasting name of an attempt: `draft/1.0.1` is iteration 1, stage 0 (the primary), attempt 1. */
export function attemptKey({ path, item, iteration, stage, attempt }: AttemptAddress): string {
  return `${unitKey(path, item)}/${iteration}.${stage}.${attempt}`;
}

/** The lasting name of the n-th model call (1-based) inside an attempt. */
export function callKey(attempt: string, call: number): string {
  return `${attempt}/call/${call}`;
}

/** The lasting name of what a gate saw, for steps that may start before all that they name has ended. */
export function gateKey(path: string): string {
  return `${path}/gate`;
}

/** The path of the step that a key belongs to. */
export function pathOfKey(key: string): string {
  const item = key.indexOf("#");
  if (item >= 0) return key.slice(0, item);
  const rest = /\/(?:gate|\d+\.\d+\.\d+(?:\/call\/\d+)?)$/.exec(key);
  return rest === null ? key : key.slice(0, rest.index);
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
