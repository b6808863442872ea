import type { ScopeRecord, StepRecord } from "./state.ts";

/** A unit as people see it, by its lasting name (attempt-key.ts): `group/sub[2]`. An item that is not in the record has no number. */
export function labelOfKey(key: string, record: ScopeRecord): string {
  const labels: string[] = [];
  let scope: ScopeRecord | null | undefined = record;
  for (const part of key.split("/")) {
    if (/^\d/.test(part)) continue;
    const [id = "", name] = part.split("#", 2);
    const step: StepRecord | undefined = scope?.steps.find((one) => one.id === id);
    const index: number = step?.items?.findIndex((item) => item.name === name) ?? -1;
    labels.push(index < 0 ? id : `${id}[${index}]`);
    scope = index < 0 ? step?.inner : step?.items?.[index]?.inner;
  }
  return labels.join("/");
}
