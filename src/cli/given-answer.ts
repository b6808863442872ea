import type { Store } from "../store/store.ts";
import { isJsonObject, jsonText } from "../util/json.ts";

/** What somebody said to a question of a run. */
export interface GivenAnswer {
  /** Where it was asked, as a person names it. */
  readonly place: string;
  readonly verdict: "approved" | "rejected";
  readonly by: string;
  readonly comment: string | null;
  /** Who vouched for them; null = nobody did, and `by` is a label. */
  readonly issuer: string | null;
}

/** The last answer to each question of a run, in the order in which they came. */
export function givenAnswers(store: Store, runId: string): readonly GivenAnswer[] {
  const given = new Map<string, GivenAnswer>();
  for (const { type, step = "", item, data = {} } of store.readEvents(runId)) {
    const verdict = data["verdict"];
    if (type !== "approval.answered" || (verdict !== "approved" && verdict !== "rejected")) continue;
    const place = item === undefined ? step : `${step}[${item}]`;
    const { comment = null, identity = null } = data;
    given.delete(place);
    given.set(place, {
      place,
      verdict,
      by: jsonText(data["by"]),
      comment: comment === null ? null : jsonText(comment),
      issuer: isJsonObject(identity) ? jsonText(identity["issuer"]) : null,
    });
  }
  return [...given.values()];
}
