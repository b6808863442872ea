import type { Plan, PlannedStep } from "../plan/types.ts";
import type { StepPlace } from "../plan/lets-through.ts";

/** A step, or one of its items, as a test names it: `draft`, `draft[2]`, `group[1]/inner`. */
export interface StepName {
  readonly ids: readonly string[];
  /** Beside each id the index of an item; null = all of them. */
  readonly items: readonly (number | null)[];
}

/** null when the text is no such name. */
export function parseStepName(text: string): StepName | null {
  const parts = text.split("/").map((part) => /^([a-z][a-z0-9_]*)(?:\[(\d{1,6})\])?$/.exec(part));
  if (parts.some((part) => part === null)) return null;
  return {
    ids: parts.map((part) => part?.[1] ?? ""),
    items: parts.map((part) => (part?.[2] === undefined ? null : Number(part[2]))),
  };
}

/** Whether a name stands for this unit, which is told as an event tells it: `group[1]/inner[0]`. */
export function isUnitOf({ ids, items }: StepName, unit: StepName): boolean {
  return (
    ids.length === unit.ids.length &&
    ids.every((id, index) => id === unit.ids[index] && (items[index] === null || items[index] === unit.items[index]))
  );
}

/** The path of ids under which a place of the plan is known: `group/inner`. */
export function pathOfPlace(plan: Plan, place: StepPlace): string {
  return place.map(({ scope, step }) => plan.scopes[scope]?.steps[step]?.id ?? "").join("/");
}

/** The step of a path of ids; null when there is none. */
export function findStep(plan: Plan, ids: readonly string[]): PlannedStep | null {
  let scope: number | null = 0;
  let found: PlannedStep | null = null;
  for (const id of ids) {
    found = scope === null ? null : (plan.scopes[scope]?.steps.find((step) => step.id === id) ?? null);
    if (found === null) return null;
    scope = found.body.kind === "steps" || found.body.kind === "uses" ? found.body.scope : null;
  }
  return found;
}
