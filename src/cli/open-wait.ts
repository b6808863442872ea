import { readValue } from "../engine/local/stored-value.ts";
import type { WaitsFor } from "../run/waits-for.ts";
import type { Store } from "../store/store.ts";
import { jsonText } from "../util/json.ts";

/**
 * What a run waits for that only somebody outside can give, oldest first: asked in its newest start, and neither answered
 * nor given up since.
 */
export function openWaits(store: Store, runId: string): readonly WaitsFor[] {
  const open = new Set<string>();
  for (const { type, data = {} } of store.readEvents(runId)) {
    if (type === "run.started") open.clear();
    else if (type === "step.waiting") open.add(jsonText(data["request"]));
    else if (type === "approval.answered") open.delete(jsonText(data["request"]));
  }
  if (open.size === 0) return [];
  const waits: WaitsFor[] = [];
  for (const { state, output } of store.readFacts(runId)) {
    if (state !== "waiting" || output === null) continue;
    const what = readValue(store, output) as unknown as WaitsFor;
    if (open.delete(what.request)) waits.push(what);
  }
  return waits;
}

/** Where it is asked, as a person names it: `group[1]/ok`. */
export function placeOf({ details }: WaitsFor): string {
  return jsonText(details["path"]);
}
